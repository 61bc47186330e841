/** The sessions of an insight that a filter asks for. */

import { to } from "../../address.svelte";
import type { Schema } from "../../api/client";
import { toInput, writeFilter, type Condition, type Filter } from "../../filter";

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

/** Returns a filter that asks for one value of a dimension. */
export function narrowed(filter: Filter, by: string, value: string | null): Filter {
    const others = filter.conditions.filter((condition) => condition.by !== by || condition.not);
    return { ...filter, conditions: [...others, { by, not: false, values: [value] }] };
}

/** Returns a filter that asks for no session with a value. */
export function excluding(filter: Filter, by: string, value: string | null): Filter {
    const known = filter.conditions.find((condition) => condition.by === by && condition.not);
    const values = [...new Set([...(known?.values ?? []), value])];
    return {
        ...filter,
        conditions: [...filter.conditions.filter((other) => other !== known), { by, not: true, values }],
    };
}

/** Returns the address of the conversations of an insight. */
export function conversations(id: string, filter: Filter): string {
    const params = writeFilter(filter, new URLSearchParams());
    params.set("insight", id);
    return to("/conversations", params);
}

type Session = Schema<"InsightSession">;

const VALUE: Record<string, (session: Session) => string | null> = {
    channel: ({ channel }) => channel,
    language: ({ language }) => language,
    sentiment: ({ sentiment }) => sentiment,
    session_status: ({ status }) => status,
    contact: ({ contact_id }) => contact_id,
};

/** A filter as the call for an insight's sessions takes it, and what is left to look at in each of them. */
export interface SessionsAsked {
    input: Schema<"ListInsightsInput">;
    meets: (session: Session) => boolean;
    /** True if the server does all of it. */
    isWhole: boolean;
    /** What neither can tell: custom data that is excluded. */
    untold: Condition[];
}

/** Returns how sessions of an insight are asked for. The call takes one value of each kind, and excludes none. */
export function sessionsAsked(filter: Filter): SessionsAsked {
    const isPlain = ({ by, not, values }: Condition) =>
        !not && (!(by in VALUE) || (values.length === 1 && values[0] !== null));
    const { conditions } = ofSessions(filter);
    const sent = toInput({ ...filter, conditions: conditions.filter(isPlain) });
    const left = conditions.filter((condition) => !isPlain(condition));
    const looked = left.filter(({ by }) => by in VALUE);
    const input = Object.fromEntries(
        Object.entries(sent).map(([name, value]) => [
            name,
            Array.isArray(value) && !name.endsWith("CustomData") ? value[0] : value,
        ]),
    );
    return {
        input,
        meets: (session) => looked.every(({ by, not, values }) => values.includes(VALUE[by]!(session)) !== not),
        isWhole: !left.length,
        untold: left.filter(({ by }) => !(by in VALUE)),
    };
}
