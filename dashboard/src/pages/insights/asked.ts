/** What the page of insights asks for, as its address says. */

import type { Schema } from "../../api/client";
import { readFilter, toInput, type Filter } from "../../filter";
import type { Status } from "../../insight_decisions";
import { MOVEMENTS, type Movement } from "../../words/names";
import type { Grouping } from "./lines";

export type Sort = NonNullable<Schema<"RowsInput">["sort"]>;

export const SORTS: Record<Sort, string> = {
    movement: "Moving first",
    rise: "Most risen",
    sessions: "Most sessions",
    people: "Most people",
    angry: "Angriest",
    last_seen: "Last seen",
    first_seen: "Newest",
    returned: "Came back last",
};
export const GROUPINGS: Record<Grouping, string> = {
    movement: "Movement",
    category: "Category",
    team: "Team",
    theme: "Theme",
    status: "Status",
    none: "Nothing",
};
export const STATUSES = ["unresolved", "archived", "resolved", "all"] as const;

/** Tells whether the parts of a path are the page of insights. */
export const isStream = ([noun = "insights", which]: string[]) => noun === "insights" && !which;

/** What is asked for. */
export interface Asked {
    filter: Filter;
    status: Status | "all";
    sort: Sort;
    order: "asc" | undefined;
    grouping: Grouping;
    movement: Movement[];
    /** The question as the API takes it. */
    question: Omit<Schema<"RowsInput">, "cursor" | "limit">;
}

/** Reads what is asked for from the parameters of the address and the words of a search. */
export function readAsked(params: URLSearchParams, words: string): Asked {
    const one = <T extends string>(name: string, known: readonly T[], usual: T): T =>
        known.find((value) => value === params.get(name)) ?? usual;
    const filter = readFilter(params);
    const status = one("status", STATUSES, "unresolved");
    const sort = one("sort", Object.keys(SORTS) as Sort[], "movement");
    const grouping = one("group", Object.keys(GROUPINGS) as Grouping[], sort === "movement" ? "movement" : "none");
    const movement = (params.get("movement")?.split(",") ?? []).filter((kind): kind is Movement => kind in MOVEMENTS);
    const order = params.get("order") === "asc" ? ("asc" as const) : undefined;
    const question = {
        filter: { ...toInput(filter), ...(words ? { search: [words] } : {}), status: [status] },
        sort,
        order,
        group_by: grouping === "none" || grouping === "movement" ? undefined : grouping,
        movement: movement.length ? movement : undefined,
    };
    return { filter, status, sort, order, grouping, movement, question };
}

/** The rows that are loaded at a time. */
const ROWS = 100;

/** Returns the question for the first page of rows. */
export const firstRows = (question: Asked["question"]) => ({ ...question, limit: ROWS });
