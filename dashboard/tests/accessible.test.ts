/** Every page, dialog and menu by axe, in both themes, at several widths. */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PAGES } from "./pages";
import { endBrowser, picture, Server, shop, signIn, unwanted } from "./support";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

interface Finding {
    id: string;
    nodes: { html: string; failureSummary: string }[];
}

let server: Server;

beforeAll(async () => {
    server = await Server.start(shop());
});
afterAll(async () => {
    await endBrowser();
    server.stop();
    expect(unwanted).toEqual([]);
});

/** Returns what axe finds, shortly. */
async function findings(page: Page): Promise<string[]> {
    // it colors nothing and asks nobody; the policy is for the page, the check comes from outside of it
    await page.evaluate(AXE);
    const found: Finding[] = await page.evaluate(async () => (await (window as any).axe.run()).violations);
    return found.flatMap(({ id, nodes }) =>
        nodes.map(
            ({ html, failureSummary }) =>
                `${id}: ${html.slice(0, 160)} ${failureSummary.replace(/\s+/g, " ").slice(0, 200)}`,
        ),
    );
}

async function settled(page: Page) {
    await page.locator("#page h1, #page [role=alert]").filter({ visible: true }).first().waitFor();
    // what is asked for has come; what opens takes 120 ms, and colors that are on their way have another contrast
    await page.waitForTimeout(600);
}

/** The themes and widths; `REFRAIN_ALL` takes all of them, which takes minutes. */
const LOOKS = (["light", "dark"] as const)
    .flatMap((theme) => [1440, 820, 390].map((width) => ({ theme, width })))
    .filter(({ theme, width }) => process.env.REFRAIN_ALL || width === (theme === "light" ? 1440 : 390));

for (const { theme, width } of LOOKS) {
    test(`no page has a finding, ${theme}, ${width} px wide`, async () => {
        const page = await signIn(server, "admin", { colorScheme: theme, viewport: { width, height: 900 } });
        const all: string[] = [];
        const first = await server.call(page.context(), "POST", "/insights/rows", { limit: 1 });
        const conversations = await server.call(page.context(), "POST", "/chat/sessions/query", { limit: 1 });
        const pages = {
            ...PAGES,
            insight: `/app/insights/${first.items[0].insight.id}`,
            conversation: `/app/conversations/${conversations.items[0].session.id}`,
        };
        for (const [name, path] of Object.entries(pages)) {
            await page.goto(server.url + path);
            await settled(page);
            await picture(page, `${name.replaceAll(" ", "-")}-${theme}-${width}`);
            all.push(...(await findings(page)).map((finding) => `${name}: ${finding}`));
            const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
            if (overflow > 1) all.push(`${name}: ${overflow} px wider than the window`);
        }
        await page.context().close();
        expect([...new Set(all)]).toEqual([]);
    }, 240_000);
}

test("what opens over a page has no finding", async () => {
    for (const theme of ["light", "dark"] as const) {
        const page = await signIn(server, "admin", { colorScheme: theme });
        const all: string[] = [];
        for (const [name, path, keys] of [
            ["keys", "/app/insights", ["?"]],
            ["palette", "/app/insights", ["Control+k"]],
            ["filter menu", "/app/insights", ["f"]],
            ["selection", "/app/insights", ["x", "Shift+J"]],
            ["peek", "/app/insights", [" "]],
            ["archive", "/app/insights", ["e"]],
            ["save a view", "/app/insights", ["v"]],
        ] as const) {
            await page.goto(server.url + path);
            await settled(page);
            for (const key of keys) await page.keyboard.press(key);
            await settled(page);
            await picture(page, `${name.replaceAll(" ", "-")}-${theme}`);
            all.push(...(await findings(page)).map((finding) => `${name}, ${theme}: ${finding}`));
        }
        await page.context().close();
        expect(all).toEqual([]);
    }
}, 120_000);
