/** Hostile texts wherever customers and members can put one: they neither run, nor style, nor link, nor break a row. */

import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { HOSTILE, hostileConversations, OPENING } from "./hostile";
import { PAGES, settled } from "./pages";
import { endBrowser, picture, Server, signIn, unwanted, visit } from "./support";

/** How often each text is said. */
const COPIES = 4;

let server: Server;
let page: Page;
/** What the browser's console was told. */
const logged: string[] = [];

beforeAll(async () => {
    server = await Server.start(hostileConversations(COPIES));
    page = await signIn(server);
    page.on("console", (message) => logged.push(message.text()));
    const context = page.context();
    let named = 0;
    const tryTo = async (method: string, path: string, data: unknown) => {
        // the server refuses some of them, which is as well
        const answer = await server.call(context, method, path, data).catch(() => null);
        if (answer) named++;
    };
    for (const [at, text] of HOSTILE.entries()) {
        const name = text.slice(0, 60);
        await Promise.all([
            tryTo("POST", "/teams", { name }),
            tryTo("POST", "/categories", { name, description: text.slice(0, 200) }),
            tryTo("POST", "/keys", { name, scopes: ["insights:read"] }),
            tryTo("POST", "/members", { email: `m${at}@example.com`, name, role: "viewer" }),
            tryTo("POST", "/views", { name, shared: true }),
            tryTo("POST", "/webhooks", { url: `https://example.com/${at}`, description: name }),
        ]);
    }
    expect(named).toBeGreaterThan(3 * HOSTILE.length);
    await tryTo("PATCH", "/settings", { name: HOSTILE[8]! });
    await tryTo("PATCH", "/me", { name: "<img src=x onerror=window.hit=1>" });
    await importBad(context);
    const { items } = await server.call(context, "POST", "/insights/rows", { limit: 5 });
    for (const [at, { insight }] of items.entries()) {
        await server
            .call(context, "PATCH", `/insights/${insight.id}`, { content: HOSTILE[at]!.slice(0, 120) })
            .catch(() => {});
    }
}, 300_000);
afterAll(async () => {
    await endBrowser();
    server.stop();
});

/** Imports a file whose name is hostile, and every record of it, so that the report says so. */
async function importBad(context: BrowserContext) {
    const { forgery_token } = await (await context.request.get(`${server.url}/me`)).json();
    const records = HOSTILE.map((text) =>
        JSON.stringify({ id: text, channel: text, [text]: text, turns: [{ role: text }] }),
    );
    const answer = await context.request.post(`${server.url}/imports`, {
        headers: { "x-forgery-token": forgery_token },
        multipart: {
            file: {
                name: "<img src=x onerror=window.hit=1>.jsonl",
                mimeType: "application/json",
                buffer: Buffer.from(records.join("\n")),
            },
        },
    });
    expect(answer.status()).toBeLessThan(300);
    const { id } = await answer.json();
    const state = async () => (await server.call(context, "GET", `/imports/${id}`)).status;
    for (let looks = 0; looks < 300 && /waiting|running/.test(await state()); looks++)
        await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await state()).not.toMatch(/waiting|running/);
}

/** Words of customers: none of them may be in an address, a title, a log, or kept by the browser. */
const WORDS = new RegExp(`${OPENING.slice(2)}|hit=1`, "i");

/** Returns what hostile texts did to a page, and where words of customers are on it that must not be there. */
function harm() {
    const found: string[] = [];
    if ("hit" in window) found.push("a script ran");
    if (document.documentElement.scrollWidth > innerWidth + 1) found.push("the page is wider than the window");
    // a file of a message is a link to where it lies, which is told nothing and opens beside
    const isFile = (link: HTMLAnchorElement | HTMLAreaElement) =>
        /^https?:$/.test(link.protocol) && link.matches(".file > a[target=_blank][rel~=noreferrer]");
    for (const link of document.links)
        if (link.protocol !== "blob:" && link.origin !== location.origin && !isFile(link))
            found.push(`a link to ${link.href}`);
    const MADE =
        "script, style, link, iframe, frame, object, embed, base, meta, math, template, img, video, audio, marquee";
    for (const element of document.body.querySelectorAll(MADE)) found.push(`made: ${element.outerHTML.slice(0, 80)}`);
    for (const element of document.querySelectorAll("*"))
        for (const { name } of element.attributes)
            if (name.startsWith("on")) found.push(`${name} of ${element.tagName}`);
    if (getComputedStyle(document.body).backgroundColor === "rgb(255, 0, 0)") found.push("the page is red");
    return found;
}

/** Returns where words of customers are outside of what the page shows. */
async function leaks(): Promise<string[]> {
    const places = await page.evaluate(async () => ({
        address: decodeURIComponent(location.href),
        title: document.title,
        stored: JSON.stringify({ ...localStorage, ...sessionStorage }),
        databases: JSON.stringify(await indexedDB.databases()),
        caches: JSON.stringify(await caches.keys()),
        cookies: document.cookie,
    }));
    const all = { ...places, console: logged.join("\n"), "log of the server": server.log() };
    return Object.entries(all).flatMap(([where, text]) => (WORDS.test(text) ? [where] : []));
}

/** Expects that a page shows hostile texts as texts, and keeps them for itself. */
async function expectHarmless(where: string) {
    expect({ where, harm: await page.evaluate(harm), leaks: await leaks() }).toEqual({ where, harm: [], leaks: [] });
}

test("hostile texts do nothing on any page", async () => {
    const { items } = await server.call(page.context(), "POST", "/insights/rows", { limit: 3 });
    const insights = items.flatMap(({ insight }: any) =>
        ["", "?tab=people", "?tab=similar", "?tab=research", "?tab=activity", "?split=session.version"].map(
            (tab) => `/app/insights/${insight.id}${tab}`,
        ),
    );
    for (const path of [...Object.values(PAGES), ...insights]) {
        await page.goto(server.url + path);
        await page.waitForLoadState("networkidle");
        await expectHarmless(path);
    }
    expect(unwanted).toEqual([]);
}, 240_000);

test("hostile texts do nothing in a conversation", async () => {
    const conversations: { id: string; ticket_number: number }[] = [];
    for (let cursor: string | undefined, more = true; more; more = Boolean(cursor)) {
        const body = { limit: 100, cursor };
        const { items, next } = await server.call(page.context(), "POST", "/chat/sessions/query", body);
        conversations.push(...items.map(({ session }: any) => session));
        cursor = next ?? undefined;
    }
    expect(conversations).toHaveLength(COPIES * HOSTILE.length);
    // one of each text
    for (const { id, ticket_number } of conversations.filter(({ ticket_number }) => ticket_number % COPIES === 1)) {
        await page.goto(`${server.url}/app/conversations/${id}`);
        await page.locator(".message .bubble").first().waitFor();
        await expectHarmless(`conversation ${ticket_number}`);
    }
    expect(unwanted).toEqual([]);
}, 240_000);

/** What shows hostile names over a page, and how it is opened. */
const OVER: [string, string, (page: Page) => Promise<unknown>][] = [
    ["what there is to filter by", "insights", async (page) => page.keyboard.press("f")],
    ...["plan", "version", "team", "categ"].map((by): [string, string, (page: Page) => Promise<unknown>] => [
        `values of ${by}`,
        "insights",
        async (page) => {
            await page.keyboard.press("f");
            await page.getByRole("dialog").getByRole("button").first().waitFor();
            await page.keyboard.type(by);
            await page.keyboard.press("Enter");
            await page.getByRole("dialog").getByRole("checkbox").first().waitFor();
        },
    ]),
    [
        "palette",
        "insights",
        async (page) => {
            await page.keyboard.press("Control+k");
            await page.getByRole("combobox").waitFor();
            await page.keyboard.type("script");
        },
    ],
    ["assignee", "insights", async (page) => page.keyboard.press("a")],
    ["peek", "insights", async (page) => page.keyboard.press(" ")],
    [
        "merge",
        "insights",
        async (page) => {
            for (const key of ["x", "Shift+J", "m"]) await page.keyboard.press(key);
        },
    ],
];

test("hostile texts do nothing in menus, in dialogs, and where one searches", async () => {
    for (const [name, on, open] of OVER) {
        await page.goto(server.url + PAGES[on]);
        await settled(page);
        await open(page);
        await settled(page);
        await expectHarmless(name);
        await page.keyboard.press("Escape");
    }
    // words of customers that somebody looks for
    for (const on of ["insights", "conversations"]) {
        await page.goto(server.url + PAGES[on]);
        await settled(page);
        await page.keyboard.press("/");
        await page.keyboard.type(OPENING);
        await page.keyboard.press("Enter");
        await settled(page);
        await expectHarmless(`search in ${on}`);
    }
    expect(unwanted).toEqual([]);
}, 240_000);

test("hostile texts do nothing on the pages of an import and of a webhook", async () => {
    // what a file says, before anything is stored: its names of columns, its roles, what was said
    for (const [at, text] of HOSTILE.entries()) {
        if (at % 4 !== 1) continue;
        await page.goto(`${server.url}/app/settings/imports`);
        const quoted = `"${text.replaceAll('"', '""')}"`;
        const rows = Array.from({ length: 3 }, (_, row) => `${quoted},${quoted},${row},${quoted}`);
        const file = {
            name: `${text.slice(0, 100).replaceAll(/[\u0000-\u001f]/g, " ")}.csv`,
            mimeType: "text/csv",
            buffer: Buffer.from([`conversation_id,text,${quoted},role`, ...rows].join("\n")),
        };
        await page.locator("input[type=file]").first().setInputFiles(file);
        await page
            .getByText(/conversation|record|column|cannot be read/i)
            .first()
            .waitFor();
        await page.waitForTimeout(200);
        await expectHarmless(`file ${at}`);
    }
    const { items } = await server.call(page.context(), "GET", "/imports");
    await page.goto(`${server.url}/app/settings/imports/${items[0].id}`);
    await page
        .getByText(/bad record|records/)
        .first()
        .waitFor();
    await expectHarmless("report of an import");
    const hooks = await server.call(page.context(), "GET", "/webhooks");
    for (const { id } of hooks.slice(0, 8)) {
        await page.goto(`${server.url}/app/settings/webhooks/${id}`);
        await page.getByRole("heading").first().waitFor();
        await page.waitForLoadState("networkidle");
        await expectHarmless(`webhook ${id}`);
    }
    expect(unwanted).toEqual([]);
}, 240_000);

/** Returns what breaks a list: rows of another height, and texts whose marks may be drawn over other rows. */
function broken(rows: (HTMLElement | SVGElement)[]): string[] {
    const found: string[] = [];
    const height = rows[0]!.getBoundingClientRect().height;
    const clips = (element: Element) => /hidden|clip/.test(getComputedStyle(element).overflowY);
    for (const row of rows) {
        if (row.getBoundingClientRect().height !== height) found.push(`higher: ${row.textContent}`);
        const texts = document.createTreeWalker(row, NodeFilter.SHOW_TEXT);
        for (let node = texts.nextNode(); node; node = texts.nextNode()) {
            let around: Element | null = node.parentElement;
            while (around && !clips(around) && around !== row) around = around.parentElement;
            // figures and names of ours draw over nothing
            const isOurs = /^[\p{ASCII}\s·–−±×…]{0,40}$/u.test(node.textContent!);
            if (!isOurs && (!around || !clips(around))) found.push(`not clipped: ${node.textContent!.slice(0, 40)}`);
        }
    }
    return found;
}

test("no row is higher than the others by what it says, and nothing of it is drawn over another", async () => {
    const answer = await server.call(page.context(), "POST", "/insights/rows", { limit: 1 });
    const items = HOSTILE.map((content, at) => {
        const id = `01890000-0000-7000-8000-${String(at).padStart(12, "0")}`;
        const insight = { ...answer.items[0].insight, id, insight_number: at + 1, content };
        return { ...answer.items[0], insight };
    });
    await page.route("**/insights/rows", (route) => route.fulfill({ json: { ...answer, items, next: null } }));
    for (const [path, rows] of [
        ["/app/insights?group=none&status=all", "[role=row][aria-rowindex]"],
        ["/app/conversations", "[data-at]"],
    ] as const) {
        await page.goto(server.url + path);
        await settled(page);
        for (let seen = 0; seen < HOSTILE.length; seen += 8) {
            expect({ path, broken: await page.locator(rows).evaluateAll(broken) }).toEqual({ path, broken: [] });
            await page.locator(rows).last().scrollIntoViewIfNeeded();
            await page.waitForTimeout(100);
        }
        await expectHarmless(path);
        await picture(page, `hostile${path.split("?")[0]!.replaceAll("/", "-")}`);
    }
    await page.unrouteAll({ behavior: "ignoreErrors" });
});

test("what is sent with the cookie from elsewhere is refused", async () => {
    const context = await visit(server);
    const { forgery_token } = await (await page.request.get(`${server.url}/me`)).json();
    const [cookie] = await page.context().cookies();
    await context.addCookies([cookie!]);
    const post = (headers: Record<string, string>) =>
        context.request
            .post(`${server.url}/teams`, { data: { name: "forged" }, headers })
            .then((answer) => answer.status());
    expect(await post({})).toBe(403);
    expect(await post({ "x-forgery-token": "AAAA" })).toBe(403);
    expect(await post({ "x-forgery-token": forgery_token, "sec-fetch-site": "cross-site" })).toBe(403);
    expect(await post({ "x-forgery-token": forgery_token })).toBe(200);
    // the token of a sign-in that ended is worth nothing
    await page.request.post(`${server.url}/sign-out`, { headers: { "x-forgery-token": forgery_token } });
    expect(await post({ "x-forgery-token": forgery_token })).toBe(401);
    await context.close();
});
