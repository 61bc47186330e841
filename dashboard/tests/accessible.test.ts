/** Every page, dialog and menu by axe, in both themes, at several widths. */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { allPages, settled } from "./pages";
import { endBrowser, picture, Server, shop, signIn, unwanted } from "./support";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

interface Finding {
    id: string;
    nodes: { html: string; failureSummary: string }[];
}

let server: Server;
/** One without conversations. */
let empty: Server;
let pages: Record<string, string>;

beforeAll(async () => {
    [server, empty] = await Promise.all([Server.start(shop()), Server.start([])]);
    const page = await signIn(server);
    pages = { ...(await allPages(server, page)), ...(await made(page)) };
    await page.context().close();
});
afterAll(async () => {
    await endBrowser();
    server.stop();
    empty.stop();
    expect(unwanted).toEqual([]);
});

/** Makes what has a page of its own: a webhook, an audit, and an import with a bad record. Returns their pages by name. */
async function made(page: Page): Promise<Record<string, string>> {
    const context = page.context();
    const webhook = await server.call(context, "POST", "/webhooks", { url: "https://example.com/hook" });
    const audit = await server.call(context, "POST", "/audits", { pairs: 10, seed: 7 });
    const { forgery_token } = await (await context.request.get(`${server.url}/me`)).json();
    const records = ['{"id": "one", "turns": [{"role": "contact", "text": "Where is it?"}]}', '{"turns": "broken'];
    const file = { name: "november.jsonl", mimeType: "application/json", buffer: Buffer.from(records.join("\n")) };
    const headers = { "x-forgery-token": forgery_token };
    const report = await context.request.post(`${server.url}/imports`, { headers, multipart: { file } });
    return {
        "settings webhook": `/app/settings/webhooks/${webhook.id}`,
        "settings import": `/app/settings/imports/${(await report.json()).id}`,
        "workbench pairs": `/app/workbench/audit/${audit.id}`,
    };
}

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

/** The themes and widths; `REFRAIN_ALL` takes all of them, which takes minutes. */
const LOOKS = (["light", "dark"] as const)
    .flatMap((theme) => [1440, 820, 390].map((width) => ({ theme, width })))
    .filter(({ theme, width }) => process.env.REFRAIN_ALL || width === (theme === "light" ? 1440 : 390));

/** Tells what is seen in a look: all where all is asked for, else one of so many. */
const isSeen = (at: number, look: number, of = 2) => Boolean(process.env.REFRAIN_ALL) || at % of === look;

for (const [look, { theme, width }] of LOOKS.entries()) {
    test(`no page has a finding, ${theme}, ${width} px wide`, async () => {
        const page = await signIn(server, "admin", { colorScheme: theme, viewport: { width, height: 900 } });
        const all: string[] = [];
        for (const [name, path] of Object.entries(pages).filter((_, at) => isSeen(at, look))) {
            await page.goto(server.url + path);
            await settled(page);
            await picture(page, `${name.replaceAll(" ", "-")}-${theme}-${width}`);
            all.push(...(await findings(page)).map((finding) => `${name}: ${finding}`));
            const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
            if (overflow > 1) all.push(`${name}: ${overflow} px wider than the window`);
        }
        await page.context().close();
        expect([...new Set(all)]).toEqual([]);
    }, 480_000);
}

const press =
    (...keys: string[]) =>
    async (page: Page) => {
        for (const key of keys) await page.keyboard.press(key);
    };
/** Presses the first button of a name. */
const button = (name: string | RegExp) => async (page: Page) => {
    await page.getByRole("button", { name }).filter({ visible: true }).first().click();
};
/** What opens over pages, and how; some of it only where there is room for it. */
const OPENS: { name: string; on: string; act: (page: Page) => Promise<unknown>; isWide?: boolean }[] = [
    { name: "keys", on: "insights", act: press("?") },
    { name: "palette", on: "insights", act: press("Control+k") },
    { name: "filter menu", on: "insights", act: press("f") },
    { name: "values of a filter", on: "insights", act: async (page) => press("f", "Enter")(page) },
    { name: "period menu", on: "insights", act: button(/^All time/) },
    { name: "display options", on: "insights", act: button("Display options") },
    { name: "order", on: "insights", act: button("Moving first") },
    { name: "search", on: "insights", act: button("Search insights") },
    { name: "account menu", on: "insights", act: button(/admin@example.com/), isWide: true },
    { name: "selection", on: "insights", act: press("x", "Shift+J") },
    { name: "peek", on: "insights", act: press(" ") },
    { name: "archive", on: "insights", act: press("e") },
    { name: "merge", on: "insights", act: press("x", "Shift+J", "m") },
    { name: "save a view", on: "insights", act: press("v") },
    { name: "more of an insight", on: "insight", act: button("More") },
    { name: "split by", on: "insight", act: button("Split by") },
    { name: "team of an insight", on: "insight", act: button(/^Team/) },
    {
        name: "day of a chart",
        on: "insight",
        act: async (page) =>
            page
                .getByRole("application")
                .focus()
                .then(() => press("ArrowLeft")(page)),
    },
    { name: "edit the sentence", on: "insight", act: button(/^Edit/) },
    { name: "against", on: "overview", act: button("The 6 weeks before") },
    { name: "personal data", on: "conversation", act: press("p") },
    { name: "new key", on: "settings keys", act: button("New key") },
    { name: "invite", on: "settings members", act: button("Invite") },
    { name: "new team", on: "settings teams", act: button("New team") },
    { name: "new category", on: "settings categories", act: button("New category") },
    { name: "delete a category", on: "settings categories", act: button(/^Delete/) },
    { name: "new webhook", on: "settings webhooks", act: button("New webhook") },
    { name: "redact", on: "settings privacy", act: button("Redact a conversation") },
    { name: "merge of an insight", on: "insight", act: press("m") },
    { name: "archive an insight", on: "insight", act: press("e") },
    { name: "category of an insight", on: "insight", act: press("c") },
    { name: "figures of a chart", on: "insight", act: button("People a day") },
    {
        name: "split off",
        on: "insight",
        act: async (page) => {
            await page.locator("[data-session]").first().hover();
            await page.locator("[data-session]").getByRole("checkbox").first().click();
            await press("s")(page);
            await page.getByRole("dialog").getByRole("textbox").waitFor();
        },
    },
    {
        name: "a conversation beside",
        on: "insight",
        act: async (page) => page.locator("[data-session] a.say").first().click(),
    },
    { name: "what was decided", on: "insight", act: press("r", "z") },
    { name: "teams for a selection", on: "insights", act: press("x", "a") },
    { name: "categories for a selection", on: "insights", act: press("x", "c") },
    {
        name: "what the palette finds",
        on: "insights",
        act: async (page) => {
            await press("Control+k")(page);
            await page.getByRole("combobox").fill("parcel");
        },
    },
    {
        name: "what a search finds",
        on: "conversations",
        act: async (page) => {
            await press("/")(page);
            await page.keyboard.type("parcel");
        },
    },
    {
        name: "move",
        on: "conversation",
        act: async (page) => {
            // where there is no room beside the conversation, what is known of it is folded
            const folded = page.locator("summary").filter({ visible: true });
            if (await folded.count()) await folded.first().click();
            await button("Move")(page);
        },
    },
    { name: "change the address of a webhook", on: "settings webhook", act: button("More") },
    { name: "more about a member", on: "settings members", act: button(/^More about/) },
    {
        name: "a key that is shown once",
        on: "settings keys",
        act: async (page) => {
            await button("New key")(page);
            await page.keyboard.type("Reporting");
            await page.keyboard.press("Enter");
            await page.getByRole("dialog").getByRole("button", { name: "Done" }).waitFor();
        },
    },
    {
        name: "erase a person",
        on: "settings privacy",
        act: async (page) => {
            await page.getByRole("searchbox").first().fill("person1@example.com");
            await page.keyboard.press("Enter");
            await button("Erase")(page);
        },
    },
    {
        name: "a file before it is imported",
        on: "settings imports",
        act: async (page) => {
            const text = '{"id": "two", "turns": [{"role": "contact", "text": "Where is it?"}]}\n{"turns": "broken';
            const file = { name: "november.jsonl", mimeType: "application/json", buffer: Buffer.from(text) };
            await page.locator("input[type=file]").first().setInputFiles(file);
            await page.getByRole("heading", { name: "1 bad record" }).waitFor();
        },
    },
    {
        name: "research that is done",
        on: "insight research",
        act: async (page) => {
            const ask = page.getByRole("button", { name: "Research", exact: true });
            await ask
                .or(page.getByRole("heading", { name: "What is said" }))
                .first()
                .waitFor();
            if (await ask.count()) await ask.click();
            await page.getByRole("heading", { name: "What is said" }).waitFor();
        },
    },
    {
        name: "unsaved setting",
        on: "settings coming-back",
        act: async (page) => page.getByRole("radio", { name: "Eager" }).click(),
    },
];

for (const [look, { theme, width }] of LOOKS.entries()) {
    test(`what opens over a page has no finding, ${theme}, ${width} px wide`, async () => {
        const page = await signIn(server, "admin", { colorScheme: theme, viewport: { width, height: 900 } });
        const all: string[] = [];
        const opens = OPENS.filter(({ isWide }, at) => isSeen(at, look, 4) && !(isWide && width <= 720));
        for (const { name, on, act } of opens) {
            await page.goto(server.url + pages[on]);
            await settled(page);
            await act(page);
            await settled(page);
            await picture(page, `${name.replaceAll(" ", "-")}-${theme}-${width}`);
            all.push(...(await findings(page)).map((finding) => `${name}: ${finding}`));
        }
        await page.context().close();
        expect([...new Set(all)]).toEqual([]);
    }, 480_000);

    // what has nothing or fails is the same in both looks but for colors
    if (!isSeen(0, look)) continue;
    test(`no state of a page has a finding, ${theme}, ${width} px wide`, async () => {
        const options = { colorScheme: theme, viewport: { width, height: 900 } };
        const all: string[] = [];
        const see = async (page: Page, name: string) => {
            await settled(page);
            await picture(page, `${name.replaceAll(" ", "-")}-${theme}-${width}`);
            all.push(...(await findings(page)).map((finding) => `${name}: ${finding}`));
        };
        const none = await signIn(empty, "admin", options);
        for (const noun of ["insights", "conversations", "overview", "workbench"]) {
            await none.goto(`${empty.url}/app/${noun}`);
            await see(none, `no data ${noun}`);
        }
        await none.context().close();
        const viewer = await signIn(server, "viewer", options);
        for (const noun of ["insight", "settings webhooks", "settings general", "settings coming-back"]) {
            await viewer.goto(server.url + pages[noun]);
            await see(viewer, `${noun} of a viewer`);
        }
        await viewer.context().close();
        const page = await signIn(server, "admin", options);
        for (const [noun, route] of [
            ["insights", "**/insights/rows"],
            ["insight", "**/insights/*/trend"],
            ["overview", "**/overview/series"],
            ["conversations", "**/chat/sessions/query"],
        ] as const) {
            const fails = { status: 500, json: { error: { code: "internal", message: "Internal error" } } };
            await page.route(route, (asked) => asked.fulfill(fails));
            await page.goto(server.url + pages[noun]);
            await page.getByRole("alert").filter({ visible: true }).first().waitFor();
            await see(page, `${noun} fails`);
            await page.unroute(route);
        }
        // decisions wait for a server that does not answer
        await page.goto(server.url + pages.insights);
        await settled(page);
        await page.route("**/insights/**", (asked) => asked.abort());
        await press("r")(page);
        await page.getByText("Refrain does not answer.").waitFor();
        await picture(page, `no-answer-${theme}-${width}`);
        all.push(...(await findings(page)).map((finding) => `no answer: ${finding}`));
        await page.context().close();
        expect([...new Set(all)]).toEqual([]);
    }, 480_000);
}

for (const theme of ["light", "dark"] as const) {
    test(`the reference and its dialog have no finding, ${theme}`, async () => {
        const page = await signIn(server, "admin", { colorScheme: theme });
        const all: string[] = [];
        const look = async (name: string) =>
            all.push(...(await findings(page)).map((finding) => `${name}: ${finding}`));
        await page.goto(`${server.url}/reference`);
        await page.locator(".opblock-tag").first().click();
        await page.locator(".opblock-summary-control").first().click();
        await page.getByRole("button", { name: "Try it out" }).click();
        await look("an operation");
        await page.getByRole("button", { name: "Authorize" }).first().click();
        const dialog = page.getByRole("dialog", { name: "Authorize" });
        await dialog.getByRole("heading").first().waitFor();
        await look("keys");
        await page.keyboard.type("key");
        await page.keyboard.press("Enter");
        await dialog.getByRole("button", { name: "Logout" }).waitFor();
        await look("a key that is given");
        await page.keyboard.press("Escape");
        await dialog.waitFor({ state: "detached" });
        // the focus goes back once the dialog is gone
        const holds = () => page.evaluate(() => document.activeElement?.classList.contains("authorize"));
        await expect.poll(holds).toBe(true);
        await page.context().close();
        expect([...new Set(all)]).toEqual([]);
    }, 120_000);
}
