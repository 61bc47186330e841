/** Which call lists the conversations that are asked for. No call takes every condition; what none takes is said, not left out. */

import type { Schema } from "../../api/client";
import { customValue, toInput, type Condition, type Filter } from "../../filter";

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
type OfInsight = NonNullable<Schema<"FilterSessionsInput">["filter"]>;

/** A call, or the conditions that no call takes. */
export type Call =
    { by: "query"; body: Query } | { by: "insight"; id: string; filter: OfInsight } | { by: "none"; left: Condition[] };

/** All values of what each conversation has exactly one of: there, not one is one of the others. */
const ALL: Record<string, string[]> = {
    channel: ["web", "email", "phone_voice", "slack", "sms", "whatsapp", "instagram", "messenger", "api", "web_voice"],
    session_status: ["open", "closed_resolved", "closed_unresolved"],
};

/** The members of the query by dimension. */
const MEMBERS = {
    channel: "channels",
    language: "languages",
    sentiment: "sentiments",
    session_status: "statuses",
    team: "team_ids",
    contact: "contact_ids",
} as const;

/** What chooses insights, not conversations; of one insight it is settled. */
const OF_INSIGHTS = ["team", "category", "min_sessions"];

function turned(condition: Condition): Condition {
    const all = ALL[condition.by];
    if (!condition.not || !all) return condition;
    const values = all.filter((value) => !condition.values.includes(value));
    return values.length ? { ...condition, not: false, values } : condition;
}

const isPlain = ({ not, values }: Condition) => !not && values.every((value) => value !== null);

/** Returns true if the query takes a condition beside others. */
function isQueried(condition: Condition, all: Condition[]): boolean {
    const { by, values } = condition;
    if (!isPlain(condition)) return false;
    if (by.startsWith("session.")) return values.length === 1 && all.filter((other) => other.by === by).length === 1;
    return by in MEMBERS;
}

/** Returns true if a value meets all conditions of its dimension. */
function isMet(by: string, value: string | null, all: Condition[]): boolean {
    return all.every((other) => other.by !== by || other.values.includes(value));
}

/** Returns true if the list of an insight takes a condition. */
function isOfInsight(condition: Condition): boolean {
    const { by, values } = condition;
    if (!isPlain(condition)) return false;
    return by.startsWith("session.") || by.startsWith("contact.") || (by in MEMBERS && values.length === 1);
}

/** Returns the call that lists exactly what is asked for. */
export function toCall({ filter, insights, handedOff, words, sort }: Asked): Call {
    const conditions = filter.conditions
        .filter(({ by, values }) => values.length && !(insights.length && OF_INSIGHTS.includes(by)))
        .map(turned);
    const left = conditions.filter((condition) => !isQueried(condition, conditions));
    // the query takes an empty list for no condition at all
    left.push(
        ...conditions.filter(({ by, values }) => by in ALL && !values.some((value) => isMet(by, value, conditions))),
    );
    if (!left.length) return { by: "query", body: query(conditions, { filter, insights, handedOff, words, sort }) };
    const [insight, ...others] = insights;
    if (insight && !others.length && !words && handedOff === null && conditions.every(isOfInsight)) {
        const { channel, sessionLanguage, ticketSentiment, sessionStatus, sessionContactId, ...rest } = toInput({
            ...filter,
            conditions,
        });
        const single = {
            channel: channel?.[0],
            sessionLanguage: sessionLanguage?.[0],
            ticketSentiment: ticketSentiment?.[0],
            sessionStatus: sessionStatus?.[0],
            sessionContactId: sessionContactId?.[0],
        };
        return { by: "insight", id: insight, filter: { ...rest, ...single } as OfInsight };
    }
    return { by: "none", left };
}

function query(conditions: Condition[], { filter, insights, handedOff, words, sort }: Asked): Query {
    const filters: Record<string, unknown> = {};
    const data: Record<string, string | number | boolean> = {};
    for (const { by, values } of conditions) {
        if (by in MEMBERS) {
            filters[MEMBERS[by as keyof typeof MEMBERS]] = values.filter((value) => isMet(by, value, conditions));
        } else data[by.slice("session.".length)] = customValue(values[0]!);
    }
    if (Object.keys(data).length) filters.custom_data = data;
    if (filter.from) filters.date_from = filter.from;
    if (filter.to) filters.date_to = filter.to;
    return {
        filters: filters as Query["filters"],
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
