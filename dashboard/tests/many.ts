/** Many rows: made-up ones in place of the server's, and what scrolling through them costs the page. */

import type { Page } from "playwright-core";
import type { Server } from "./support";

/** Answers the page's question for insights with so many made-up ones, in pages as the server's. */
export async function makeUp(page: Page, server: Server, many: number) {
    const head = await server.call(page.context(), "POST", "/insights/rows", { limit: 1 });
    const [row] = head.items;
    const weeks = (at: number) => Array.from({ length: 12 }, (_, week) => (at * 7 + week * 13) % 40);
    const made = (at: number) => ({
        ...row,
        insight: {
            ...row.insight,
            id: `00000000-0000-7000-8000-${String(at).padStart(12, "0")}`,
            insight_number: at + 1,
            content: `Customers say the same thing for the ${at}th time, in a sentence as long as most of them`,
        },
        movement: at < many / 100 ? [{ kind: "escalating", since: new Date().toISOString() }] : [],
        sessions: many - at,
        weeks: weeks(at),
        angry: at % 40,
        neutral: 40,
        happy: at % 7,
    });
    await page.route("**/insights/rows", async (route) => {
        const { cursor, limit } = route.request().postDataJSON();
        const from = Number(cursor ?? 0);
        const next = from + limit < many ? String(from + limit) : null;
        const items = Array.from({ length: Math.min(limit, many - from) }, (_, at) => made(from + at));
        const by_status = { unresolved: many, archived: 0, resolved: 0 };
        await route.fulfill({ json: { ...head, items, next, insights: many, by_status } });
    });
}

/** What scrolling costs. */
export interface Cost {
    /** The tasks that took 50 ms or longer, in milliseconds. */
    tasks: number[];
    /** The most elements that the page had. */
    elements: number;
    /** The last row that was reached. */
    last: number;
}

/** Scrolls to the end of the list, waiting for what is loaded on the way. Stops after a time. */
export async function scrollThrough(page: Page, step: number, deadline: number): Promise<Cost> {
    return page.evaluate(
        async ({ step, deadline }) => {
            const cost = { tasks: [] as number[], elements: 0, last: 0 };
            const observer = new PerformanceObserver((list) =>
                cost.tasks.push(...list.getEntries().map(({ duration }) => duration)),
            );
            observer.observe({ type: "longtask" });
            const grid = document.querySelector("[role=grid]")!;
            const total = Number(grid.getAttribute("aria-rowcount")) - 1;
            const end = performance.now() + deadline;
            while (cost.last < total && performance.now() < end) {
                grid.scrollBy(0, step);
                await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
                cost.elements = Math.max(cost.elements, document.querySelectorAll("*").length);
                const rows = [...grid.querySelectorAll("[aria-rowindex]")];
                cost.last = Math.max(cost.last, ...rows.map((row) => Number(row.getAttribute("aria-rowindex")) - 1));
            }
            await new Promise((resolve) => setTimeout(resolve, 100));
            observer.disconnect();
            return cost;
        },
        { step, deadline },
    );
}
