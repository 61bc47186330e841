/** Which conversations and insights are asked for: as conditions on the page, in the address, and as the API takes it. */

import type { Schema } from "./api/client";
import { addDays, day } from "./words/numbers";

/** The filter of the calls about insights. */
export type FilterInput = Schema<"InsightFilterInput">;
type Excluded = Schema<"ExcludedInput">;

/** One condition: a dimension has one of the values, or none of them. */
export interface Condition {
    /** A dimension, as facets name it: `channel`, `team`, `session.KEY` and so on; `contact` and `min_sessions` beside them. */
    by: string;
    not: boolean;
    /** The values; null is "none". */
    values: (string | null)[];
}

/** What is asked for: conditions, all of which hold, and days. */
export interface Filter {
    conditions: Condition[];
    /** The first day. */
    from: string | null;
    /** The last day. */
    to: string | null;
}

/** The days of the period that is shown if nobody chose one: twelve weeks. */
export const PERIOD_DAYS = 84;

const MEMBERS = {
    channel: "channel",
    language: "sessionLanguage",
    sentiment: "ticketSentiment",
    session_status: "sessionStatus",
    team: "teamId",
    category: "category",
    contact: "sessionContactId",
} as const;

/** The most combinations of values of custom data that the API takes. */
const COMBINATIONS_MAX = 50;

/** Returns true if a parameter of the address is a condition. */
function isDimension(by: string): boolean {
    return by in MEMBERS || by === "min_sessions" || by.startsWith("session.") || by.startsWith("contact.");
}

const NONE = "~";
const write = (value: string | null) => (value === null ? NONE : value.replace(/[\\,~]/g, "\\$&"));

function read(text: string): (string | null)[] {
    const values: (string | null)[] = [];
    for (const [, part = ""] of text.matchAll(/(?:^|,)((?:\\.|[^,\\])*)/g)) {
        values.push(part === NONE ? null : part.replace(/\\(.)/g, "$1"));
    }
    return values;
}

/** Reads the filter of an address. What is no condition is left alone. */
export function readFilter(params: URLSearchParams): Filter {
    const conditions: Condition[] = [];
    for (const [name, text] of params) {
        const not = name.startsWith("not.");
        const by = not ? name.slice(4) : name;
        if (isDimension(by) && text) conditions.push({ by, not, values: read(text) });
    }
    return { conditions, from: params.get("from"), to: params.get("to") };
}

/** Writes a filter into parameters of an address, beside what else they have. */
export function writeFilter(filter: Filter, beside: URLSearchParams): URLSearchParams {
    const params = new URLSearchParams();
    for (const [name, value] of beside) {
        if (!isDimension(name.replace(/^not\./, "")) && name !== "from" && name !== "to") params.append(name, value);
    }
    for (const { by, not, values } of filter.conditions) {
        if (values.length) params.append((not ? "not." : "") + by, values.map(write).join(","));
    }
    if (filter.from) params.set("from", filter.from);
    if (filter.to) params.set("to", filter.to);
    return params;
}

/** Returns the days of a filter: those that were chosen, or the last twelve weeks. */
export function period(filter: Filter, now = Date.now()): { from: string; to: string } {
    const to = filter.to ?? day(now);
    return { from: filter.from ?? addDays(to, 1 - PERIOD_DAYS), to };
}

type CustomData = NonNullable<FilterInput["ticketCustomData"]>;

/** Returns all combinations of one value of each key; values compare as text. */
function combine(conditions: Condition[]): CustomData {
    let combined: CustomData = [{}];
    for (const { by, values } of conditions) {
        const key = by.slice(by.indexOf(".") + 1);
        combined = combined.flatMap((pairs) => values.map((value) => ({ ...pairs, [key]: value ?? "" })));
    }
    return combined.slice(0, COMBINATIONS_MAX);
}

function members(conditions: Condition[], not: boolean): Excluded {
    const input: Record<string, unknown> = {};
    for (const { by, values } of conditions) {
        if (by in MEMBERS) {
            const member = MEMBERS[by as keyof typeof MEMBERS];
            const sent = by === "team" ? values.map((value) => value ?? "none") : values;
            input[member] = [...((input[member] as unknown[] | undefined) ?? []), ...sent];
        }
        if (by === "min_sessions") input.minSessions = Number(values[0]);
    }
    for (const [beginning, member] of [
        ["session.", "ticketCustomData"],
        ["contact.", "contactCustomData"],
    ] as const) {
        const custom = conditions.filter(({ by }) => by.startsWith(beginning));
        // each of several that are excluded is excluded by itself
        if (custom.length) input[member] = not ? custom.flatMap((condition) => combine([condition])) : combine(custom);
    }
    return input as Excluded;
}

/** The conditions that are of insights, and say nothing of the sessions of one. */
const OF_INSIGHTS = new Set(["team", "category", "min_sessions"]);

/** Returns a filter without what it asks of insights. */
export function ofSessions(filter: Filter): Filter {
    return { ...filter, conditions: filter.conditions.filter(({ by }) => !OF_INSIGHTS.has(by)) };
}

/** Returns a filter with what another asks of insights. */
export function withInsights(filter: Filter, other: Filter): Filter {
    return {
        ...filter,
        conditions: [...other.conditions.filter(({ by }) => OF_INSIGHTS.has(by)), ...filter.conditions],
    };
}

/** Returns a filter as the API takes it. */
export function toInput(filter: Filter): FilterInput {
    const included = filter.conditions.filter((condition) => !condition.not && condition.values.length);
    const excluded = filter.conditions.filter((condition) => condition.not && condition.values.length);
    return {
        ...members(included, false),
        ...(excluded.length ? { not: members(excluded, true) } : {}),
        ...(filter.from ? { sessionFromDate: filter.from } : {}),
        ...(filter.to ? { sessionToDate: filter.to } : {}),
    };
}

/** Returns a filter from what the API keeps of one, as views do. */
export function fromInput(input: FilterInput): Filter {
    const conditions: Condition[] = [];
    const add = (given: Excluded, not: boolean) => {
        for (const [by, member] of Object.entries(MEMBERS)) {
            const values = given[member] as (string | null)[] | null | undefined;
            if (values?.length)
                conditions.push({ by, not, values: values.map((value) => (value === "none" ? null : value)) });
        }
        for (const [beginning, data] of [
            ["session.", given.ticketCustomData],
            ["contact.", given.contactCustomData],
        ] as const) {
            const keys = new Map<string, Set<string>>();
            for (const pairs of data ?? []) {
                for (const [key, value] of Object.entries(pairs)) {
                    keys.set(key, (keys.get(key) ?? new Set()).add(String(value)));
                }
            }
            for (const [key, values] of keys) conditions.push({ by: beginning + key, not, values: [...values] });
        }
        if (given.minSessions) conditions.push({ by: "min_sessions", not, values: [String(given.minSessions)] });
    };
    add(input, false);
    if (input.not) add(input.not, true);
    return { conditions, from: input.sessionFromDate ?? null, to: input.sessionToDate ?? null };
}
