/** The stream of insights, by keyboard, by mouse, and at its limits. */

import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { endBrowser, notice, Server, shop, signIn, unwanted } from "./support";

let server: Server;
let page: Page;

beforeAll(async () => {
    server = await Server.start(shop());
    page = await signIn(server);
});
afterAll(async () => {
    await endBrowser();
    server.stop();
    expect(unwanted).toEqual([]);
});
beforeEach(async () => {
    await page.goto(`${server.url}/app/insights`);
    await page.getByRole("row").first().waitFor();
});

const rows = () => page.locator("[role=row][aria-rowindex]");
const current = () => page.locator(".row.current .number").innerText();

test("keys move, select, peek and open, and the focus stays in the list", async () => {
    const first = await current();
    await page.keyboard.press("j");
    const second = await current();
    expect(second).not.toBe(first);
    await page.keyboard.press("k");
    expect(await current()).toBe(first);
    await page.keyboard.press("x");
    await page.keyboard.press("Shift+J");
    expect(await page.getByRole("toolbar", { name: "Selected insights" }).innerText()).toContain("2 selected");
    await page.keyboard.press("Escape");
    expect(await page.getByRole("toolbar", { name: "Selected insights" }).count()).toBe(0);
    await page.keyboard.press(" ");
    await page.getByRole("complementary").waitFor();
    await page.keyboard.press("Escape");
    expect(await page.getByRole("complementary").count()).toBe(0);
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/app\/insights\/[0-9a-f-]{36}/);
});

test("Tab goes from the frame to the list, to the bar of what is selected, and to what was said", async () => {
    await page.keyboard.press("x");
    await page.getByRole("toolbar", { name: "Selected insights" }).waitFor();
    await page.evaluate(() => (document.activeElement as HTMLElement).blur());
    const met: string[] = [];
    for (let presses = 0; presses < 80 && met.at(-1) !== "end"; presses++) {
        await page.keyboard.press("Tab");
        const zone = await page.evaluate(() => {
            const ZONES = {
                skip: ".skip",
                sidebar: "nav.side",
                filters: "[role=toolbar][aria-label=Filters]",
                head: "main header",
                list: "[role=grid]",
                selection: "[role=toolbar][aria-label='Selected insights']",
                notices: ".notices",
            };
            const at = document.activeElement!;
            if (at === document.body) return "end";
            return Object.entries(ZONES).find(([, selector]) => at.closest(selector))?.[0] ?? "row of filters";
        });
        if (zone !== met.at(-1)) met.push(zone);
        // there it says what was done, for as long as it is looked for
        if (zone === "selection" && !(await page.locator(".notice").count())) {
            await page.keyboard.press("r");
            await notice(page, "1 insight resolved").waitFor();
        }
    }
    expect(met).toEqual([
        "skip",
        "sidebar",
        "head",
        "filters",
        "row of filters",
        "list",
        "selection",
        "notices",
        "end",
    ]);
    await page.keyboard.press("z");
    await notice(page, "Undone").waitFor();
});

test("a page that opens has the focus on its title, and one that closes gives it back to the row", async () => {
    await page.keyboard.press("End");
    const row = await current();
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/app\/insights\/[0-9a-f-]{36}/);
    const title = () => page.evaluate(() => document.activeElement?.matches("h1"));
    await expect.poll(title).toBe(true);
    await page.keyboard.press("Escape");
    await rows().first().waitFor();
    await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute("role"))).toBe("grid");
    expect(await current()).toBe(row);
    for (const key of ["c", "o", "w", "s"]) {
        await page.keyboard.press("g");
        await page.keyboard.press(key);
        await expect.poll(title).toBe(true);
    }
});

test("a decision shows at once, leaves the list, and is undone by one key", async () => {
    const before = await rows().count();
    const name = await current();
    await page.keyboard.press("r");
    await notice(page, "1 insight resolved").waitFor();
    expect(await rows().count()).toBe(before - 1);
    expect(
        await page
            .getByRole("tab", { name: /Resolved/ })
            .last()
            .innerText(),
    ).toContain("1");
    expect(await current()).not.toBe(name);
    await page.keyboard.press("z");
    await notice(page, "Undone").waitFor();
    await expect.poll(() => rows().count()).toBe(before);
});

test("what is asked for is in the address, and the numbers are of it", async () => {
    await page.keyboard.press("f");
    await page.keyboard.type("chan");
    await page.keyboard.press("Enter");
    await page.getByRole("checkbox", { name: /WhatsApp/ }).check();
    await page.keyboard.press("Escape");
    await expect.poll(() => page.url()).toContain("channel=whatsapp");
    await page.getByText("90 sessions").waitFor();
    // the address alone brings the same
    const other = await page.context().newPage();
    await other.goto(page.url());
    await other.getByText("90 sessions").waitFor();
    await other.close();
    await page.getByRole("button", { name: "Remove the filter Channel" }).click();
    await page.getByText("360 sessions").waitFor();
});

test("words of a search are not in the address, and go back with the history", async () => {
    await page.keyboard.press("/");
    await page.keyboard.type("parcel");
    await expect.poll(() => rows().count()).toBeLessThan(4);
    expect(page.url()).not.toContain("parcel");
    expect(await page.title()).not.toContain("parcel");
});

test("with nothing that matches it says what would bring rows", async () => {
    await page.goto(`${server.url}/app/insights?channel=whatsapp&language=ja`);
    await page.getByRole("heading", { name: "No insight matches." }).waitFor();
    await page.getByRole("button", { name: "Remove it" }).click();
    await page.getByText("90 sessions").waitFor();
});

test("decisions wait for a server that does not answer, and none is lost", async () => {
    const before = await rows().count();
    await page.context().setOffline(true);
    await page.keyboard.press("r");
    await page.getByText("Refrain does not answer.").waitFor();
    expect(await rows().count()).toBe(before - 1);
    // nothing says that it is done
    expect(await notice(page, "1 insight resolved").count()).toBe(0);
    await page.context().setOffline(false);
    await page.getByRole("button", { name: "Try now" }).click();
    await notice(page, "1 insight resolved").waitFor();
    await page.keyboard.press("z");
    await notice(page, "Undone").waitFor();
});

test("what the server refuses is taken back, with its reason", async () => {
    const before = await rows().count();
    await page.route("**/insights/bulk", (route) =>
        route.fulfill({
            status: 409,
            contentType: "application/json",
            body: '{"statusCode":409,"message":"it changed","error":"Conflict"}',
        }),
    );
    await page.keyboard.press("r");
    await notice(page, /not done/).waitFor();
    expect(await rows().count()).toBe(before);
    await page.unroute("**/insights/bulk");
});

test("Enter and the blank press the button that has the focus, not the row", async () => {
    await page.getByRole("tab", { name: /Archived/ }).focus();
    await page.keyboard.press("Enter");
    await expect.poll(() => page.url()).toContain("status=archived");
    await page.getByRole("tab", { name: /All/ }).focus();
    await page.keyboard.press("Space");
    await expect.poll(() => page.url()).toContain("status=all");
});

test("a viewer decides nothing, by key or by bar", async () => {
    const viewer = await signIn(server, "viewer");
    await viewer.goto(`${server.url}/app/insights`);
    await viewer.getByRole("row").first().waitFor();
    await viewer.keyboard.press("x");
    expect(await viewer.getByRole("toolbar", { name: "Selected insights" }).count()).toBe(0);
    await viewer.keyboard.press("r");
    await notice(viewer, /Viewers decide nothing/).waitFor();
    await viewer.context().close();
});

test("the list that is shown is saved for a spreadsheet", async () => {
    const page = await signIn(server);
    await page.goto(`${server.url}/app/insights?channel=whatsapp`);
    await page.locator("[role=row][aria-rowindex]").first().waitFor();
    const { insights } = await server.call(page.context(), "POST", "/insights/rows", {
        filter: { channel: ["whatsapp"], status: ["unresolved"] },
    });
    await page.getByRole("button", { name: "Display options" }).click();
    const saved = page.waitForEvent("download");
    await page.getByRole("menuitem", { name: "Save this list as CSV" }).click();
    const text = readFileSync(await (await saved).path(), "utf8");
    expect(text.trimEnd().split("\r\n")).toHaveLength(1 + insights);
    await notice(page, "saved as insights.csv").waitFor();
    await page.context().close();
});
