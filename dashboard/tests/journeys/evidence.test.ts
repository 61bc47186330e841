/** What an insight rests on: research that cites, pairs that are judged, and an insight that is split; by keyboard, by mouse. */

import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { endBrowser, notice, SAID, Server, shop, signIn, unwanted } from "../support";
import { besideShown, enter, expectFocus, insightShown, rows, tabTo } from "./hands";

let server: Server;
let page: Page;

beforeAll(async () => {
    server = await Server.start(shop(240));
});
beforeEach(async () => {
    page = await signIn(server, "agent");
    await page.goto(`${server.url}/app/insights`);
    await rows(page).first().waitFor();
});
afterEach(async () => {
    await page.context().close();
    expect(unwanted.splice(0)).toEqual([]);
});
afterAll(async () => {
    await endBrowser();
    server.stop();
});

/** Expects the statement that a citation leads to, of the insight and of the conversation of that number. */
async function expectCited(cited: string, id: string) {
    const session = await besideShown(page);
    await page.locator(".beside").getByRole("heading", { name: cited.trim() }).waitFor();
    const { items } = await server.call(page.context(), "POST", `/insights/${id}/sessions`, { filter: {}, limit: 100 });
    expect(items.map((item: { session_id: string }) => item.session_id)).toContain(session);
}

test("research is asked for and a citation followed, by keyboard alone", async () => {
    await page.keyboard.press("Home");
    await page.keyboard.press("o");
    const id = await insightShown(page);
    await page.keyboard.press("4");
    await page.keyboard.press("Tab");
    await enter(page, /^Research$/);
    await page.getByRole("heading", { name: "What is said" }).waitFor();
    await tabTo(page, /^#\d+$/);
    const cited = await page.evaluate(() => (document.activeElement as HTMLElement).innerText);
    await page.keyboard.press("Enter");
    await expectCited(cited, id);
    await page.keyboard.press("Escape");
    await page.locator(".beside").waitFor({ state: "detached" });
    expect(await page.evaluate(() => (document.activeElement as HTMLElement).innerText)).toBe(cited);
});

test("research is asked for and a citation followed, by mouse alone", async () => {
    await rows(page).nth(1).locator(".what a").click();
    const id = await insightShown(page);
    await page.getByRole("tab", { name: "Research" }).click();
    await page.getByRole("button", { name: "Research", exact: true }).click();
    const citation = page.locator("a.cite").nth(1);
    const cited = await citation.innerText();
    await citation.click();
    await expectCited(cited, id);
    await page.getByRole("button", { name: "Close the conversation" }).click();
    await page.locator(".beside").waitFor({ state: "detached" });
});

/** What somebody answers who reads a pair: the texts are of the same thing, or not. */
async function read(): Promise<"Same" | "Different"> {
    const pair = page.locator(".pair:not(.waits)");
    await pair.waitFor();
    const texts = await pair.locator("article").allInnerTexts();
    const [first, second] = texts.map((text) => SAID.findIndex(([, , said]) => said.includes(text.trim())) % 4);
    return first === second ? "Same" : "Different";
}

const ANSWER = { Same: "1", Different: "2" };
const judged = (count: number) => page.locator(".doc .line .num", { hasText: `${count} of 10` }).waitFor();

test("ten pairs are judged, by keyboard alone", async () => {
    await page.keyboard.press("g");
    await page.keyboard.press("w");
    await enter(page, /^Audit/);
    await tabTo(page, /^Pairs/);
    await page.keyboard.press("Control+a");
    await page.keyboard.type("10");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/workbench\/audit\/[0-9a-f-]{36}/);
    await judged(0);
    await expectFocus(page);
    await page.keyboard.press(ANSWER[await read()]);
    await judged(1);
    await page.keyboard.press("z");
    await judged(0);
    for (let at = 1; at <= 10; at++) {
        await page.keyboard.press(ANSWER[await read()]);
        await judged(at);
    }
    await page.getByRole("heading", { name: "All 10 pairs are judged." }).waitFor();
});

test("ten pairs are judged, by mouse alone", async () => {
    await page.getByRole("link", { name: "Workbench" }).click();
    await page.getByRole("link", { name: /^Audit/ }).click();
    await page.getByLabel("Pairs", { exact: true }).fill("10");
    await page.getByRole("button", { name: "Draw pairs" }).click();
    await page.waitForURL(/\/workbench\/audit\/[0-9a-f-]{36}/);
    await judged(0);
    await page.getByRole("button", { name: await read() }).click();
    await judged(1);
    await page.getByRole("button", { name: "Take back" }).click();
    await judged(0);
    for (let at = 1; at <= 10; at++) {
        await page.getByRole("button", { name: await read() }).click();
        await judged(at);
    }
    await page.getByRole("heading", { name: "All 10 pairs are judged." }).waitFor();
});

const sessions = async () => parseInt(await page.locator(".doc .numbers a").first().innerText());

/** Expects that three are split off, the focus is still somewhere, and Undo puts them back. */
async function expectSplit(before: number, undo: () => Promise<void>) {
    await notice(page, "3 conversations split off").waitFor();
    await expect.poll(sessions, { timeout: 10_000 }).toBe(before - 3);
    await expectFocus(page);
    await undo();
    await notice(page, /^Undone/).waitFor();
    await expect.poll(sessions, { timeout: 10_000 }).toBe(before);
}

test("an insight is split, by keyboard alone", async () => {
    await page.keyboard.press("Home");
    await page.keyboard.press("o");
    await insightShown(page);
    const before = await sessions();
    await page.keyboard.press("1");
    for (const key of ["Space", "x", "x"]) {
        await page.keyboard.press("Tab");
        await tabTo(page, /^Select conversation/);
        await page.keyboard.press(key);
    }
    await page.keyboard.press("s");
    await page.keyboard.type("The parcel comes late");
    await page
        .getByRole("dialog")
        .getByText(`${before - 3} sessions`)
        .waitFor();
    await page.keyboard.press("Enter");
    await expectSplit(before, () => page.keyboard.press("z"));
    // several that do not belong are one decision
    for (const key of ["x", "x"]) {
        await page.keyboard.press("Tab");
        await tabTo(page, /^Select conversation/);
        await page.keyboard.press(key);
    }
    await page.keyboard.press("n");
    await notice(page, "2 conversations are not counted here").waitFor();
    await expect.poll(sessions, { timeout: 10_000 }).toBe(before - 2);
    await expectFocus(page);
    await page.keyboard.press("z");
    await notice(page, "Undone: 2 conversations are not counted here").waitFor();
    await expect.poll(sessions, { timeout: 10_000 }).toBe(before);
}, 120_000);

test("an insight is split, by mouse alone", async () => {
    await rows(page).first().locator(".what a").click();
    await insightShown(page);
    const before = await sessions();
    for (const at of [0, 1, 2]) {
        const quote = page.locator("[data-session]").nth(at);
        await quote.hover();
        await quote.getByRole("checkbox").click();
    }
    await page.getByRole("toolbar", { name: "Selected conversations" }).getByRole("button", { name: /Split/ }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Split off" }).click();
    await expectSplit(before, () => page.locator(".notice").getByRole("button", { name: "Undo" }).last().click());
});

test("a conversation is moved to another insight, and back by one undo", async () => {
    const insights = async () => {
        const { items } = await server.call(page.context(), "POST", "/insights/rows", { filter: {}, sort: "sessions" });
        return items as { insight: { id: string; content: string }; sessions: number }[];
    };
    const before = await insights();
    const [from, into] = [before.find(({ insight }) => /parcel/.test(insight.content))!, before.at(-1)!];
    const { items } = await server.call(page.context(), "POST", `/insights/${from.insight.id}/sessions`, { limit: 1 });
    await page.goto(`${server.url}/app/conversations/${items[0].session_id}`);
    await page.getByRole("button", { name: "Move" }).waitFor();
    await page.getByRole("heading", { name: "Insights it counts for" }).focus();
    await enter(page, /^Move$/);
    await page.getByRole("dialog").getByRole("searchbox").waitFor();
    await page.keyboard.type(into.insight.content);
    await page.getByRole("dialog").getByText(into.insight.content).waitFor();
    await page.keyboard.press("Enter");
    await notice(page, /^Moved to #/).waitFor();
    await expectFocus(page);
    const counts = async (of: typeof from) =>
        (await insights()).find(({ insight }) => insight.id === of.insight.id)?.sessions;
    await expect.poll(() => counts(into), { timeout: 10_000 }).toBe(into.sessions + 1);
    expect(await counts(from)).toBe(from.sessions - 1);
    await page.keyboard.press("z");
    await notice(page, /^Undone/).waitFor();
    await expect.poll(() => counts(into), { timeout: 10_000 }).toBe(into.sessions);
    await expect.poll(() => counts(from), { timeout: 10_000 }).toBe(from.sessions);
});
