/** Views: a filter, an order and a grouping under a name. */

import type { Schema } from "./api/client";
import { fromInput, writeFilter, type FilterInput } from "./filter";

/** Returns the parameters of the page of insights that show a view. */
export function viewParams(
    view: Pick<Schema<"View">, "id" | "filter" | "sort" | "sort_order" | "group_by">,
): URLSearchParams {
    const filter = view.filter as FilterInput;
    const params = writeFilter(fromInput(filter), new URLSearchParams());
    const status = filter.status?.[0];
    if (status && status !== "unresolved") params.set("status", status);
    if (view.sort) params.set("sort", view.sort);
    if (view.sort_order) params.set("order", view.sort_order);
    if (view.group_by) params.set("group", view.group_by);
    params.set("view", view.id);
    return params;
}
