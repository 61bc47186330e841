/** The rows of the list of conversations. */

import { infiniteQueryOptions, keepPreviousData } from "@tanstack/svelte-query";
import { answered, api, type Schema } from "../../api/client";
import { cut, isolated, type Stretch } from "../../words/texts";
import type { toQuery } from "./call";

/** A conversation in a list. */
export interface Row {
    id: string;
    number: number;
    channel: string;
    status: Schema<"InsightSession">["status"];
    sentiment: Schema<"InsightSession">["sentiment"];
    language: string | null;
    at: string;
    /** The contact, as far as one may know. */
    who: string | null;
    isHandedOff: boolean;
    /** What it is about, or where the words are. */
    said: Stretch[];
}

type Contact = Schema<"SessionContact">;

/** Returns how a contact is called; null if nobody has said, or one may not know. */
export function contactName(contact: Contact | undefined): string | null {
    if (!contact) return null;
    return contact.name ?? contact.non_verified_name ?? contact.email ?? contact.non_verified_email;
}

/** Returns true if a person has looked after it. */
export function isHandedOff(session: Pick<Schema<"ChatSessionListItem">, "ai_closure_type" | "assignee_id">): boolean {
    return session.ai_closure_type === "handed_off" || Boolean(session.assignee_id);
}

type Match = Schema<"ChatSessionQueryOutput">["items"][number]["matches"][number];

/** Returns the excerpt of a match, with its words marked. */
export function excerpt({ excerpt, excerpt_start, places }: Match): Stretch[] {
    const within = places
        .map(({ start, end }) => ({ start: start - excerpt_start, end: end - excerpt_start }))
        .filter(({ start }) => start >= 0);
    const stretches = cut(excerpt, within);
    return excerpt_start > 0 ? [{ text: "…", marked: false }, ...stretches] : stretches;
}

/** The match that has most of the words. */
function best(matches: Match[]): Match | undefined {
    return matches.toSorted((a, b) => b.places.length - a.places.length)[0];
}

function fromQuery({ session, matches }: Schema<"ChatSessionQueryOutput">["items"][number]): Row {
    const match = best(matches);
    const summary = session.summary ?? session.handoff?.summary;
    return {
        id: session.id,
        number: session.ticket_number,
        channel: session.channel.type,
        status: session.status,
        sentiment: session.sentiment,
        language: session.language ?? null,
        at: session.created_at,
        who: contactName(session.contact),
        isHandedOff: isHandedOff(session),
        said: match ? excerpt(match) : summary ? [{ text: isolated(summary), marked: false }] : [],
    };
}

const PAGE = 50;

/** The conversations of a query, by pages. */
export const rows = (query: ReturnType<typeof toQuery>) =>
    infiniteQueryOptions({
        queryKey: ["sessions", query],
        queryFn: async ({ pageParam: cursor, signal }) => {
            const page = await answered(
                api.POST("/chat/sessions/query", { body: { ...query, limit: PAGE, cursor }, signal }),
            );
            return { ...page, items: page.items.map(fromQuery) };
        },
        initialPageParam: undefined as string | undefined,
        getNextPageParam: (page) => page.next ?? undefined,
        placeholderData: keepPreviousData,
        staleTime: 30_000,
    });
