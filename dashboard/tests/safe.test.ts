/** Hostile texts wherever customers and members can put one: they neither run, nor style, nor link, nor break a row. */

import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PAGES } from "./pages";
import { endBrowser, Server, signIn, unwanted, visit, type Conversation } from "./support";

const HOSTILE = [
    "<script>window.hit=1</script>",
    "<img src=x onerror=window.hit=1>",
    "<svg onload=window.hit=1>",
    '"><iframe src=javascript:window.hit=1>',
    "<a href=javascript:window.hit=1>press</a>",
    "javascript:window.hit=1",
    "data:text/html,<script>window.hit=1</script>",
    "<style>*{display:none}</style>",
    "</style><style>body{background:red}</style>",
    'style="position:fixed;inset:0"',
    "{{constructor.constructor('window.hit=1')()}}",
    "${window.hit=1}",
    "{@html '<b>x</b>'}",
    "{#each}{/each}",
    "<%= 7*7 %>",
    "#{7*7}",
    '=HYPERLINK("http://evil.example","x")',
    "+1+1|cmd",
    "@SUM(1+1)",
    "-2+3",
    "[press](javascript:window.hit=1)",
    "![x](http://evil.example/x.png)",
    "http://evil.example/?a=<b>",
    "**bold** _it_ `code`",
    "\u202Eesrever\u202C",
    "\u2066isolate\u2069 \u2067rtl\u2069",
    "\u202A\u202B\u202D\u202E overrides",
    "zero\u200Bwidth\u200D\u2060\uFEFF",
    "\u0000\u0001\u001B[31mred",
    "a" + "\u0301".repeat(300),
    "Z" + "\u0489".repeat(300) + "algo",
    "👩‍👩‍👧‍👦".repeat(40),
    "🏳️‍🌈🇩🇪🇩🇪",
    "W".repeat(8_000),
    "ไม่มีช่องว่างในประโยคนี้เลยสักนิดเดียว".repeat(10),
    "العربية مع English و 123",
    "עברית עם <b>html</b>",
    "日本語の長い文章がここに入ります。".repeat(20),
    "line\nbreak\r\nand\ttab",
    "\u2028separator\u2029",
    "&lt;b&gt;&amp;amp;",
    "<!-- comment --><![CDATA[x]]>",
    "<base href=http://evil.example/>",
    "<meta http-equiv=refresh content=0;url=http://evil.example>",
    "<form action=http://evil.example><input>",
    "<link rel=stylesheet href=http://evil.example/x.css>",
    "<object data=x></object><embed src=x>",
    "<math><mi xlink:href=javascript:window.hit=1>x</mi></math>",
    "<template><script>window.hit=1</script></template>",
    "' onmouseover='window.hit=1",
    "`;window.hit=1//",
    "\\u003cscript\\u003e",
    "%3Cscript%3Ewindow.hit=1%3C/script%3E",
    "__proto__",
    "constructor",
    "toString",
    "null",
    "undefined",
    "NaN",
    "../../../etc/passwd",
];

let server: Server;
let page: Page;

beforeAll(async () => {
    const conversations: Conversation[] = HOSTILE.flatMap((text, at) =>
        // as often said as it takes for an insight
        Array.from({ length: 4 }, (_, copy) => ({
            id: `hostile-${at}-${copy}`,
            channel: "web",
            created_at: new Date(Date.now() - copy * 3_600_000).toISOString(),
            contact: {
                name: text.slice(0, 200),
                email: `h${at}-${copy}@example.com`,
                custom_data: { plan: text.slice(0, 100) },
            },
            // as a name as well, under which it is offered as a filter
            custom_data: { version: text.slice(0, 100), [text.slice(0, 60)]: text.slice(0, 100) },
            tags: [text.slice(0, 60)],
            turns: [
                { role: "contact", text: `I cannot open the page with ${text}` },
                { role: "agent", name: text.slice(0, 100), text },
            ],
        })),
    );
    server = await Server.start(conversations);
    page = await signIn(server);
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

test("hostile texts do nothing on any page", async () => {
    const rows = await server.call(page.context(), "POST", "/insights/rows", { limit: 3 });
    const conversations = await server.call(page.context(), "POST", "/chat/sessions/query", { limit: 100 });
    const paths = [
        ...Object.values(PAGES),
        ...rows.items.map(({ insight }: any) => `/app/insights/${insight.id}`),
        ...conversations.items
            .filter((_: unknown, at: number) => at % 9 === 0)
            .map(({ session }: any) => `/app/conversations/${session.id}`),
    ];
    for (const path of paths) {
        await page.goto(server.url + path);
        await page.waitForLoadState("networkidle");
        const state = await page.evaluate(() => ({
            hit: "hit" in window,
            wide: document.documentElement.scrollWidth > innerWidth + 1,
            links: [...document.links]
                .filter(({ protocol, origin }) => protocol !== "blob:" && origin !== location.origin)
                .map(({ href }) => href),
            stored: JSON.stringify({ ...localStorage, ...sessionStorage }),
        }));
        expect({ path, hit: state.hit, wide: state.wide, links: state.links }).toEqual({
            path,
            hit: false,
            wide: false,
            links: [],
        });
        // no words of customers where they are kept, logged or seen by others
        expect(state.stored).not.toMatch(/cannot open|hit=1/);
    }
    expect(unwanted).toEqual([]);
}, 240_000);

test("hostile texts do nothing on the pages of an import and of a webhook", async () => {
    const harmless = async () => {
        await page.waitForLoadState("networkidle");
        const state = await page.evaluate(() => ({
            hit: "hit" in window,
            wide: document.documentElement.scrollWidth > innerWidth + 1,
            links: [...document.links].filter(
                ({ protocol, origin }) => protocol !== "blob:" && origin !== location.origin,
            ).length,
        }));
        expect(state).toEqual({ hit: false, wide: false, links: 0 });
    };
    // what a file says, before anything is stored: its names of columns, its roles, what was said
    for (const [at, text] of HOSTILE.entries()) {
        if (at % 4) continue;
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
        await harmless();
    }
    const { items } = await server.call(page.context(), "GET", "/imports");
    await page.goto(`${server.url}/app/settings/imports/${items[0].id}`);
    await page
        .getByText(/bad record|records/)
        .first()
        .waitFor();
    await harmless();
    const hooks = await server.call(page.context(), "GET", "/webhooks");
    for (const { id } of hooks.slice(0, 8)) {
        await page.goto(`${server.url}/app/settings/webhooks/${id}`);
        await page.getByRole("heading").first().waitFor();
        await harmless();
    }
    expect(unwanted).toEqual([]);
}, 240_000);

test("no row is higher than the others by what it says", async () => {
    await page.goto(`${server.url}/app/insights?group=none`);
    await page.locator("[role=row][aria-rowindex]").first().waitFor();
    const heights = await page
        .locator("[role=row][aria-rowindex]")
        .evaluateAll((rows) => rows.map((row) => row.getBoundingClientRect().height));
    expect(new Set(heights)).toEqual(new Set([44]));
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
