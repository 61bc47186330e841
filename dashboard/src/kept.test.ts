import { QueryClient } from "@tanstack/svelte-query";
import { expect, test } from "vitest";
import { keepFew } from "./kept";

test("few answers that nothing shows are kept, the newest, and what is asked for is never forgotten", async () => {
    const queries = new QueryClient();
    keepFew(queries);
    for (let number = 0; number < 40; number++) {
        const options = { queryKey: [number], queryFn: () => Promise.resolve(number) };
        expect(await queries.fetchQuery(options)).toBe(number);
        expect(queries.getQueryData([number])).toBe(number);
        await new Promise((resolve) => setTimeout(resolve, 2));
    }
    const kept = queries
        .getQueryCache()
        .getAll()
        .map(({ queryKey }) => queryKey[0]);
    expect(kept).toEqual(Array.from({ length: 17 }, (_, at) => 23 + at));
});
