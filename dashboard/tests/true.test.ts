/** On random slices each count that is shown is that of the list which it opens. */

import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { settled } from "./pages";
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

/** A number that is shown, and where it leads. */
interface Shown {
    count: number;
    href: string;
}

/** Expects that the list which a number opens has as many conversations. */
async function expectListed({ count, href }: Shown) {
    await page.goto(server.url + href);
    const listed = page.getByText(/^[\d,]+ conversations?$|^No conversation matches/).first();
    await listed.waitFor();
    const text = await listed.innerText();
    expect({ href, listed: /\d/.test(text) ? number(text) : 0 }).toEqual({ href, listed: count });
}

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
            const shown: Shown[] = [];
            for (const link of links) {
                if (await link.count())
                    shown.push({ count: number(await link.innerText()), href: (await link.getAttribute("href"))! });
            }
            for (const one of shown) await expectListed(one);
            compared += shown.length;
        }
        expect(compared).toBeGreaterThan(SLICES);
    },
    SLICES * 20_000,
);

/** The most numbers of one page that are held against their lists. */
const NUMBERS_MAX = 10;

/** Returns the numbers of a page that open a list of conversations: what a link says, or what it says when one points at it. */
function numbers(max: number): Shown[] {
    const all = [...document.querySelectorAll<HTMLAnchorElement>("#page a[href*='/app/conversations?']")].flatMap(
        (link) => {
            const text = [link.title, link.innerText].find((text) =>
                /^[\d,]+( of [\d,]+)?( sessions?| conversations?|$|\b)/.test(text),
            );
            const isShare = !text || /^[\d,.]+\s?%/.test(text);
            return isShare
                ? []
                : [{ count: Number(/^[\d,]+/.exec(text)![0].replaceAll(",", "")), href: link.getAttribute("href")! }];
        },
    );
    // from all over the page
    const step = Math.max(1, all.length / max);
    return Array.from({ length: Math.min(max, all.length) }, (_, at) => all[Math.floor(at * step)]!);
}

const PAGES_LOOKED = Math.ceil(SLICES / 8);

for (const { name, path, least } of [
    { name: "an insight", path: (id: string) => `/app/insights/${id}`, least: 4 },
    { name: "the overview", path: () => "/app/overview", least: 2 },
])
    test(
        `the numbers of ${name} are those of the lists that they open`,
        async () => {
            const next = random(11);
            const { items } = await server.call(page.context(), "POST", "/insights/rows", { limit: 5 });
            let compared = 0;
            for (let at = 0; at < PAGES_LOOKED; at++) {
                const params = slice(next);
                for (const own of ["status", "group"]) params.delete(own);
                await page.goto(`${server.url}${path(items[at % items.length].insight.id)}?${params}`);
                await settled(page);
                const shown = await page.evaluate(numbers, NUMBERS_MAX);
                for (const one of shown) await expectListed(one);
                compared += shown.length;
            }
            expect(compared).toBeGreaterThanOrEqual(least * PAGES_LOOKED);
        },
        60_000 + PAGES_LOOKED * 30_000,
    );

test(
    "the counts of a filter's values are those of the lists that they lead to",
    async () => {
        const next = random(13);
        let compared = 0;
        for (let at = 0; at < PAGES_LOOKED; at++) {
            const params = slice(next);
            params.delete("channel");
            params.delete("not.channel");
            await page.goto(`${server.url}/app/insights?${params}`);
            await settled(page);
            await page.keyboard.press("f");
            await page.getByRole("dialog").getByRole("button", { name: "Channel", exact: true }).click();
            const values = page.getByRole("dialog").locator("label");
            await values.first().or(page.getByText("Nothing is like that.")).waitFor();
            const names: Record<string, string> = {
                Web: "web",
                WhatsApp: "whatsapp",
                "E-mail": "email",
                Phone: "phone_voice",
            };
            const counted = (await values.allInnerTexts()).map((text) => text.split(/\n+/).map((part) => part.trim()));
            for (const own of ["status", "group"]) params.delete(own);
            for (const [name, count] of counted) {
                params.set("channel", names[name!] ?? name!);
                await expectListed({ count: number(count!), href: `/app/conversations?${params}` });
                compared++;
            }
        }
        expect(compared).toBeGreaterThan(0);
    },
    60_000 + PAGES_LOOKED * 30_000,
);
