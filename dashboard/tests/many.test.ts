/** With 20,000 rows the page has few elements, and no task of it holds up the hand. */

import { afterAll, beforeAll, expect, test } from "vitest";
import { makeUp, scrollThrough } from "./many";
import { endBrowser, Server, shop, signIn, unwanted } from "./support";

/** The milliseconds of half of the long tasks at most: other work takes the processor meanwhile; `tests/fast.ts` measures. */
const TASK_MAX = 500;
const ROWS = 20_000;

let server: Server;

beforeAll(async () => {
    server = await Server.start(shop(60));
});
afterAll(async () => {
    await endBrowser();
    server.stop();
    expect(unwanted).toEqual([]);
});

test("20,000 rows", async () => {
    const page = await signIn(server);
    await makeUp(page, server, ROWS);
    await page.goto(`${server.url}/app/insights`);
    await page.locator("[role=row][aria-rowindex]").first().waitFor();
    const cost = await scrollThrough(page, 2_400, 180_000);
    console.info(`${cost.last} rows, at most ${cost.elements} elements, tasks over 50 ms: ${cost.tasks.join(", ")}`);
    expect(cost.last).toBe(ROWS);
    expect(cost.elements).toBeLessThanOrEqual(2_500);
    const tasks = cost.tasks.toSorted((a, b) => a - b);
    expect(tasks[Math.floor(tasks.length / 2)] ?? 0).toBeLessThanOrEqual(TASK_MAX);
    // and back at once, with the focus where it was
    await page.keyboard.press("End");
    await page.locator(`[aria-rowindex="${ROWS + 1}"].current`).waitFor();
    await page.keyboard.press("Home");
    await page.locator('[aria-rowindex="2"].current').waitFor();
    await page.context().close();
}, 300_000);
