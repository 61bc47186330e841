/** What people come for, from the first click to the last: by keyboard alone, and again by mouse alone. */

import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { endBrowser, notice, PASSWORD, Server, shop, signIn, unwanted, visit, type Conversation } from "./support";

let server: Server;

beforeAll(async () => {
    server = await Server.start(shop());
});
afterEach(() => expect(unwanted.splice(0)).toEqual([]));
afterAll(async () => {
    await endBrowser();
    server.stop();
});

const rows = (page: Page) => page.locator("[role=row][aria-rowindex]");

/** Presses Tab until what has the focus is called so. */
async function tabTo(page: Page, name: RegExp) {
    for (let presses = 0; presses < 120; presses++) {
        const focused = await page.evaluate(() => {
            const element = document.activeElement as HTMLElement | null;
            return element?.getAttribute("aria-label") ?? element?.innerText ?? "";
        });
        if (name.test(focused)) return;
        await page.keyboard.press("Tab");
    }
    throw new Error(`nothing is called ${name}`);
}

/** Adds a condition as somebody does who types. */
async function filterByKeys(page: Page, by: string, value: string) {
    await page.keyboard.press("f");
    await page.keyboard.type(by);
    await page.keyboard.press("Enter");
    await page.keyboard.type(value);
    await page.getByRole("dialog").getByRole("checkbox").first().waitFor();
    await page.keyboard.press("Enter");
    await page.keyboard.press("Escape");
    // as long as a finger takes to the next key
    await page.waitForTimeout(100);
}

/** Adds a condition as somebody does who points. */
async function filterByMouse(page: Page, by: string, value: RegExp) {
    await page
        .getByRole("toolbar", { name: "Filters" })
        .getByRole("button", { name: /^Filter/ })
        .click();
    await page.getByRole("button", { name: by, exact: true }).click();
    await page.getByRole("checkbox", { name: value }).click();
    await page.getByRole("toolbar", { name: "Filters" }).getByText(by).first().waitFor();
    await page.locator("h1").click();
}

/** Enough people who say it today that it is more than chance. */
function outbreak(times: number): Conversation[] {
    const created_at = new Date().toISOString();
    return Array.from({ length: times }, (_, at) => ({
        id: `outbreak-${times}-${at}`,
        channel: "whatsapp",
        language: "de",
        created_at,
        contact: { email: `new${at}-${times}@example.com` },
        turns: [{ role: "contact", text: "Mein Paket ist nicht angekommen, ich bin stinksauer", created_at }],
    }));
}

test("a new member triages by keyboard alone", async () => {
    const context = await visit(server);
    const page = await context.newPage();
    await page.goto(server.invite("nora@example.com", "admin"));
    await page.locator("input[type=password]").waitFor();
    while (!(await page.evaluate(() => document.activeElement?.matches("input[type=password]"))))
        await page.keyboard.press("Tab");
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/app\//);
    await rows(page).first().waitFor();
    // last week's most risen angry insight, on WhatsApp, in German
    await filterByKeys(page, "channel", "whats");
    await filterByKeys(page, "lang", "ger");
    await filterByKeys(page, "feel", "angry");
    await tabTo(page, /^All time/);
    await page.keyboard.press("Enter");
    await tabTo(page, /^Last 4 weeks/);
    await page.keyboard.press("Enter");
    await tabTo(page, /^Moving first/);
    await page.keyboard.press("Enter");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await expect.poll(() => page.url()).toMatch(/sort=rise/);
    for (const part of ["channel=whatsapp", "language=de", "sentiment=angry", "from="])
        expect(page.url()).toContain(part);
    await rows(page).first().waitFor();
    await page.getByRole("menu").waitFor({ state: "detached" });
    await page.keyboard.press("o");
    await page.waitForURL(/\/app\/insights\/[0-9a-f-]{36}/);
    const insight = page.url();
    // three of its conversations
    for (let read = 0; read < 3; read++) {
        await page.locator("[data-session] a.say").nth(read).waitFor();
        await page.locator("[data-session] a.say").nth(read).focus();
        await page.keyboard.press("Enter");
        await page.waitForURL(/beside=/);
        await page.locator(".beside mark").first().waitFor();
        await page.keyboard.press("Escape");
        await page.waitForURL(insight);
    }
    // with its neighbor in the list it becomes one
    await page.keyboard.press("g");
    await page.keyboard.press("i");
    await page.waitForURL(/\/app\/insights$/);
    await rows(page).first().waitFor();
    await page.keyboard.press("Home");
    await page.keyboard.press("x");
    await page.keyboard.press("Shift+J");
    await page.keyboard.press("m");
    await page
        .getByRole("dialog")
        .getByText(/^Merged:/)
        .waitFor();
    await page.keyboard.press("Enter");
    await notice(page, "2 insights merged").waitFor();
    await page.goto(insight);
    await page.locator("[data-session]").first().waitFor();
    // out of the way until thirty more say it; what escalates is told from the day after
    await page.keyboard.press("e");
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("ArrowDown");
    while (!(await page.evaluate(() => document.activeElement?.id === "archive-target")))
        await page.keyboard.press("Tab");
    await page.keyboard.press("Control+a");
    await page.keyboard.type("30");
    await page.keyboard.press("Enter");
    await notice(page, "1 insight archived until a count").waitFor();
    // it comes back by itself
    server.import(outbreak(60));
    await page.keyboard.press("g");
    await page.keyboard.press("i");
    await page.locator(".row", { hasText: "Came back" }).first().waitFor({ timeout: 60_000 });
    await page.keyboard.press("Enter");
    await page.getByText(/^Came back on/).waitFor();
    await page.keyboard.press("r");
    await notice(page, "1 insight resolved").waitFor();
    await page.keyboard.press("z");
    await notice(page, "Undone").waitFor();
    await context.close();
}, 180_000);

test("a new member triages by mouse alone", async () => {
    const context = await visit(server);
    const page = await context.newPage();
    await page.goto(server.invite("otto@example.com", "admin"));
    // what has to be typed is typed
    await page.locator("input[type=password]").click();
    await page.keyboard.type(PASSWORD);
    await page.getByRole("button", { name: /Go on|Sign in|Set/ }).click();
    await page.waitForURL(/\/app\//);
    await rows(page).first().waitFor();
    await filterByMouse(page, "Channel", /WhatsApp/);
    await page.getByRole("button", { name: "All time" }).click();
    await page.getByRole("button", { name: "Last 4 weeks" }).click();
    await page.getByRole("button", { name: "Moving first" }).click();
    await page.getByRole("menuitem", { name: "Most risen" }).click();
    await expect.poll(() => page.url()).toMatch(/sort=rise/);
    await rows(page).first().locator(".what a").click();
    await page.waitForURL(/\/app\/insights\/[0-9a-f-]{36}/);
    await page.locator("[data-session] a.say").first().click();
    await page.waitForURL(/beside=/);
    await page.locator(".beside mark").first().waitFor();
    await page.getByRole("link", { name: "Insights" }).first().click();
    for (const row of [0, 1]) await rows(page).nth(row).getByRole("checkbox").click();
    await page.getByRole("button", { name: /^Merge/ }).click();
    await page
        .getByRole("dialog")
        .getByText(/^Merged:/)
        .waitFor();
    await page.getByRole("button", { name: /into one/ }).click();
    await notice(page, "2 insights merged").waitFor();
    await rows(page).first().locator(".what a").click();
    await page.waitForURL(/\/app\/insights\/[0-9a-f-]{36}/);
    await page.getByRole("button", { name: "Archive" }).first().click();
    await page.getByRole("dialog").getByRole("button", { name: "Archive", exact: false }).last().click();
    await notice(page, "1 insight archived until it escalates").waitFor();
    await page.getByRole("button", { name: "Undo" }).last().click();
    await notice(page, "Undone").waitFor();
    await page.getByRole("button", { name: "Resolve" }).click();
    await notice(page, "1 insight resolved").waitFor();
    await context.close();
}, 120_000);

test("a view is saved, shared and opened by somebody else", async () => {
    for (const by of ["keyboard", "mouse"] as const) {
        const page = await signIn(server);
        const name = `Cards by ${by}`;
        await page.goto(`${server.url}/app/insights`);
        await rows(page).first().waitFor();
        if (by === "keyboard") {
            await filterByKeys(page, "channel", "whats");
            await page.keyboard.press("v");
            await page.keyboard.type(name);
            await page.keyboard.press("Tab");
            await page.keyboard.press("Space");
            await page.keyboard.press("Enter");
        } else {
            await filterByMouse(page, "Channel", /WhatsApp/);
            await page.getByRole("button", { name: "Display options" }).click();
            await page.getByRole("menuitem", { name: /Save as a view/ }).click();
            await page.getByLabel("Name").fill(name);
            await page.getByLabel("Everybody sees it").click();
            await page.getByRole("button", { name: "Save", exact: true }).click();
        }
        await page.getByRole("link", { name }).waitFor();
        const other = await signIn(server, "viewer");
        await other.goto(`${server.url}/app/insights`);
        await other.getByRole("link", { name }).click();
        await expect.poll(() => other.url()).toContain("channel=whatsapp");
        await other.getByRole("heading", { name, level: 1 }).waitFor();
        await other.context().close();
        await page.context().close();
    }
}, 60_000);

test("a viewer is shown nothing unmasked and can change nothing, by page or by request", async () => {
    const page = await signIn(server, "viewer");
    const asked: string[] = [];
    page.on("response", async (response) => {
        if (response.headers()["content-type"]?.includes("json")) asked.push(await response.text().catch(() => ""));
    });
    const oldest = { sort_by: "created_at", sort_order: "asc", limit: 1 };
    const { items } = await server.call(page.context(), "POST", "/chat/sessions/query", oldest);
    await page.goto(`${server.url}/app/conversations/${items[0].session.id}`);
    await page.getByText("You reach me at").first().waitFor();
    await page.locator(".mask").first().waitFor();
    expect(await page.locator("main").innerText()).not.toContain("@example.com");
    await page.goto(`${server.url}/app/insights`);
    await rows(page).first().waitFor();
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/app\/insights\/[0-9a-f-]{36}/);
    await page.locator("[data-session]").first().waitFor();
    for (const name of ["Resolve", "Archive", "Edit the sentence"])
        expect(await page.getByRole("button", { name, exact: true }).count()).toBe(0);
    // the member's own address is its own
    expect(asked.join()).not.toMatch(/person\d+@/);
    for (const [method, path] of [
        ["POST", "/insights/bulk"],
        ["POST", "/teams"],
        ["PATCH", "/settings"],
        ["POST", "/imports"],
        ["POST", `/chat/sessions/${items[0].session.id}/reveal`],
    ] as const) {
        await expect(
            server.call(page.context(), method, path, {
                decision: "resolve",
                insight_ids: [items[0].session.id],
                name: "x",
            }),
            path,
        ).rejects.toThrow(/: 403 /);
    }
    await page.context().close();
}, 60_000);

test("a file with bad records is looked at first, corrected and imported again", async () => {
    const page = await signIn(server);
    const record = (id: string, text: string) =>
        JSON.stringify({ id, created_at: new Date().toISOString(), turns: [{ role: "contact", text }] });
    const good = Array.from({ length: 20 }, (_, at) => record(`file-${at}`, "The discount code does not work"));
    const file = join(tmpdir(), `refrain-journey-${process.pid}.jsonl`);
    writeFileSync(file, [...good, '{"turns": "broken', '{"id": "", "turns": []}'].join("\n"));
    await page.goto(`${server.url}/app/settings/imports`);
    const choose = async () => {
        const chooser = page.waitForEvent("filechooser");
        await page
            .getByRole("button", { name: /Choose/ })
            .first()
            .click();
        await (await chooser).setFiles(file);
    };
    await choose();
    await page
        .getByText(/20 conversations/)
        .first()
        .waitFor();
    await page
        .getByText(/2 .*(bad|lost|record)/i)
        .first()
        .waitFor();
    writeFileSync(file, good.join("\n"));
    await page.goto(`${server.url}/app/settings/imports`);
    await choose();
    await page
        .getByText(/20 conversations/)
        .first()
        .waitFor();
    await page
        .getByRole("button", { name: /^Import/ })
        .last()
        .click();
    await expect
        .poll(
            async () =>
                (await server.call(page.context(), "POST", "/chat/sessions/query", { words: "discount", limit: 1 }))
                    .total,
            { timeout: 30_000 },
        )
        .toBe(20);
    await page.context().close();
}, 90_000);
