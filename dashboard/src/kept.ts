/** How much is kept of what is not shown any more. */

import type { Query, QueryClient } from "@tanstack/svelte-query";

/** The most answers that are kept so that going back shows them at once. */
const KEPT_MAX = 16;

/** Forgets the oldest answers that nothing shows, whenever something else is asked for. */
export function keepFew(queries: QueryClient) {
    const cache = queries.getQueryCache();
    cache.subscribe(({ type }) => {
        if (type !== "added") return;
        // what was added just now has no answer yet
        const hasAnswer = ({ state }: Query) => state.status !== "pending";
        const left = cache.findAll({ type: "inactive", fetchStatus: "idle", predicate: hasAnswer });
        const oldest = left.sort((a, b) => b.state.dataUpdatedAt - a.state.dataUpdatedAt).slice(KEPT_MAX);
        for (const query of oldest) cache.remove(query);
    });
}
