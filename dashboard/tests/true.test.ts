/** On random slices each count that is shown is that of the list which it opens. */

import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { endBrowser, Server, shop, signIn, unwanted } from "./support";

/** How many slices are looked at; `REFRAIN_SLICES=1000` takes a quarter of an hour. */
const SLICES = Number(process.env.REFRAIN_SLICES ?? 15);

let server: Server;
let page: Page;

beforeAll(async () => {
    server = await Server.start(shop(240));
    page = await signIn(server);
});
afterAll(async () => {
    await endBrowser();
    server.stop();
    expect(unwanted).toEqual([]);
});

/** Numbers that look random, the same in each run (splitmix32). */
function random(seed: number): (below: number) => number {
    return (below) => {
        seed = (seed + 0x9e3779b9) | 0;
        let mixed = Math.imul(seed ^ (seed >>> 16), 0x21f0aaad);
        mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
        return ((mixed ^ (mixed >>> 15)) >>> 0) % below;
    };
}

const VALUES: Record<string, string[]> = {
    channel: ["web", "whatsapp", "email", "phone_voice"],
    language: ["en", "de", "fr"],
    sentiment: ["angry", "neutral", "happy"],
    session_status: ["open", "closed_resolved"],
    "contact.plan": ["Free", "Plus"],
    "session.app_version": ["5.1", "5.2"],
};

function slice(next: (below: number) => number): URLSearchParams {
    const params = new URLSearchParams({ status: "all", group: "none" });
    for (const [by, values] of Object.entries(VALUES)) {
        if (next(3)) continue;
        const chosen = values.filter(() => next(2));
        if (chosen.length) params.set((next(3) ? "" : "not.") + by, chosen.join(","));
    }
    if (next(2)) params.set("from", new Date(Date.now() - (1 + next(50)) * 86_400_000).toISOString().slice(0, 10));
    return params;
}

const number = (text: string) => Number(/[\d,]+/.exec(text)![0].replaceAll(",", ""));

test(
    `${SLICES} slices`,
    async () => {
        const next = random(7);
        let compared = 0;
        for (let at = 0; at < SLICES; at++) {
            const params = slice(next);
            await page.goto(`${server.url}/app/insights?${params}`);
            const rows = page.locator("[role=row][aria-rowindex]");
            await rows.first().or(page.getByText("No insight matches.")).waitFor();
            // the whole slice, and two of its insights
            const links = [page.locator("header a.num"), ...[0, 1].map((row) => rows.nth(row).locator(".sessions a"))];
            const shown: { count: number; href: string }[] = [];
            for (const link of links) {
                if (await link.count())
                    shown.push({ count: number(await link.innerText()), href: (await link.getAttribute("href"))! });
            }
            for (const { count, href } of shown) {
                await page.goto(server.url + href);
                const listed = page.getByText(/^[\d,]+ conversations?$/).first();
                await listed.waitFor();
                expect({ href, listed: number(await listed.innerText()) }).toEqual({ href, listed: count });
                compared++;
            }
        }
        expect(compared).toBeGreaterThan(SLICES);
    },
    SLICES * 20_000,
);
