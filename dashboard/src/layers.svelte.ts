/** What decisions change, laid over what was read from the server until that is read anew. */

import type { QueryClient, QueryKey } from "@tanstack/svelte-query";

/** A change of what some queries show. */
export interface Layer {
    /** The first words of the keys of the queries. */
    queryKey: QueryKey;
    /** Returns data with the change; data that has it already as it is. */
    change: (data: any, key: QueryKey) => any;
}

/** Makes a layer over queries of one kind. */
export function layer<T>(queryKey: QueryKey, change: (data: T, key: QueryKey) => T): Layer {
    return { queryKey, change };
}

class Layers {
    #all = $state.raw<Layer[]>([]);

    /** Returns what lays all changes over the data of a query, the oldest first; undefined if there is none. */
    over<T>(queryKey: QueryKey): ((data: T) => T) | undefined {
        const over = this.#all.filter((layer) => layer.queryKey.every((part, at) => part === queryKey[at]));
        return over.length ? (data) => over.reduce((laid, { change }) => change(laid, queryKey), data) : undefined;
    }

    add(layers: Layer[]) {
        if (layers.length) this.#all = [...this.#all, ...layers];
    }

    remove(layers: Layer[]) {
        if (layers.length) this.#all = this.#all.filter((layer) => !layers.includes(layer));
    }

    /** Writes changes into what was read, since they are true of it now. */
    keep(queries: QueryClient, layers: Layer[]) {
        for (const { queryKey, change } of layers) {
            for (const [key, data] of queries.getQueriesData({ queryKey })) {
                if (data === undefined) continue;
                const updatedAt = queries.getQueryState(key)?.dataUpdatedAt;
                queries.setQueryData(key, change(data, key), { updatedAt });
            }
        }
    }
}

/** The changes that the server has not answered, or that were not read from it yet. */
export const layers = new Layers();
