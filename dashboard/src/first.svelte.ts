/** What is asked for first as the dashboard is opened: before anything is drawn, and before all that can wait. */

import type { QueryClient } from "@tanstack/svelte-query";
import { address } from "./address.svelte";
import { me, rows, settings } from "./api/queries";
import { isStream, readAsked } from "./pages/insights/asked";

class First {
    /** True once the rows are there, if the page has some: what is asked for from then on does not hold them up. */
    isThere = $state(false);

    /** Asks for who is signed in, for how the organization is set up, and for the rows of the list. */
    ask(queries: QueryClient) {
        void queries.prefetchQuery(settings());
        const list = async () => {
            // the rows are asked for with the token that this brings
            await queries.fetchQuery(me());
            if (isStream(address.parts))
                await queries.prefetchInfiniteQuery(rows(readAsked(address.params, address.words).question));
        };
        void list()
            .catch(() => {})
            .finally(() => (this.isThere = true));
    }
}

/** What is asked for first. */
export const first = new First();
