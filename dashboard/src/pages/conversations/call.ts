/** What is asked for of conversations, as the API takes it. */

import type { Schema } from "../../api/client";
import { ofSessions, toInput, type Filter } from "../../filter";

/** An order of conversations. */
export type Sort = "relevance" | "last_message_at" | "created_at";

/** What is asked for. */
export interface Asked {
    filter: Filter;
    /** Insights, of which they show one; none asks for nothing. */
    insights: string[];
    /** Whether they were handed off; null for all. */
    handedOff: boolean | null;
    words: string;
    sort: Sort | null;
}

type Query = Omit<Schema<"QueryInput">, "cursor" | "limit">;

/** Returns the query that lists exactly what is asked for. */
export function toQuery({ filter, insights, handedOff, words, sort }: Asked): Query {
    // of given insights it is settled what they are
    const slice = toInput(insights.length ? ofSessions(filter) : filter);
    return {
        ...(Object.keys(slice).length ? { filter: slice } : {}),
        ...(insights.length ? { insight_ids: insights } : {}),
        ...(handedOff === null ? {} : { handed_off: handedOff }),
        ...(words ? { words } : {}),
        ...(sort ? { sort_by: sort } : {}),
    };
}

/** Returns the number of a conversation that was typed as #123. */
export function numberOf(words: string): number | null {
    const [, digits] = /^\s*#\s*(\d{1,15})\s*$/.exec(words) ?? [];
    return digits ? Number(digits) : null;
}
