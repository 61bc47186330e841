/** The slice of an insight, and where its numbers lead. */

import { to } from "../../address.svelte";
import { writeFilter, type Filter } from "../../filter";

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

/** What sessions differ in, always. */
export const ALWAYS_SPLIT = ["channel", "language", "sentiment"];
/** What has more values is an identifier to people, and tells them nothing as bars or lines. */
export const KEY_VALUES_MAX = 12;
const KEYS_MAX = 5;

/** Returns the keys of custom data that sessions differ in. */
export function splitKeys(keys: { key: string; values: number }[]): string[] {
    const few = keys.filter(({ values }) => values > 1 && values <= KEY_VALUES_MAX);
    return few.slice(0, KEYS_MAX).map(({ key }) => key);
}
