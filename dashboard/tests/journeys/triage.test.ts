/** A new member triages what rose last week: by keyboard alone, and again by mouse alone. */

import type { BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeEach, expect, test } from "vitest";
import { endBrowser, notice, Server, shop, signIn, unwanted, visit, type Conversation } from "../support";
import { accept, besideShown, enter, filterByKeys, filterByMouse, insightShown, rows, sortByKeys } from "./hands";

let server: Server;
let admin: BrowserContext;
let page: Page;

const DAY = 86_400_000;

/** Angry people who say something on WhatsApp in German, each on one of these days before now. */
function angry(name: string, texts: string[], days: number[]): Conversation[] {
    return days.map((before, at) => {
        const created_at = new Date(Date.now() - 3_600_000 - before * DAY).toISOString();
        return {
            id: `${name}-${at}`,
            channel: "whatsapp",
            language: "de",
            created_at,
            contact: { email: `${name}${at}@example.com` },
            turns: [{ role: "contact", text: texts[at % texts.length], created_at }],
        };
    });
}

const THROWN = [
    "Der Fahrer hat mein Paket einfach vor die Tür geworfen, ich bin wütend",
    "Der Fahrer wirft das Paket vor die Tür, eine Frechheit",
    "Ihr Fahrer hat das Paket vor meine Tür geworfen, unverschämt",
];
const NOT_RUNG = [
    "Der Fahrer hat nicht geklingelt, ich bin wütend",
    "Ihr Fahrer klingelt nicht einmal, eine Frechheit",
    "Der Fahrer ist ohne zu klingeln weitergefahren, unverschämt",
];
const HOTLINE = [
    "Ich erreiche niemanden an Ihrer Hotline, unverschämt",
    "An der Hotline erreicht man niemanden, eine Frechheit",
    "Niemand geht an die Hotline, ich bin wütend",
];
const every = (count: number, from: number, step: number) => Array.from({ length: count }, (_, at) => from + at * step);

beforeEach(async () => {
    server = await Server.start([
        ...shop(180),
        // rose last week
        ...angry("thrown", THROWN, [40, 30, ...every(14, 0, 0.4)]),
        // says nearly the same
        ...angry("not-rung", NOT_RUNG, every(12, 5, 2)),
        ...angry("hotline", HOTLINE, every(14, 5, 3)),
    ]);
    admin = (await signIn(server)).context();
    // what escalates is told from the day after archiving; a day passes as the time zone goes far enough east
    await server.call(admin, "PATCH", "/settings", { time_zone: "Etc/GMT+12" });
    page = await (await visit(server)).newPage();
});
afterEach(() => {
    server.stop();
    expect(unwanted.splice(0)).toEqual([]);
});
afterAll(endBrowser);

/** Has the next day come, on which many more say it. */
async function nextDay() {
    await server.call(admin, "PATCH", "/settings", { time_zone: "Pacific/Kiritimati" });
    server.import(angry("more", THROWN, Array<number>(40).fill(0)));
}

/** What the page asks for is last week's most risen, angry, on WhatsApp, in German; the first row is meant. */
async function expectSlice() {
    await expect.poll(() => page.url(), { timeout: 10_000 }).toMatch(/sort=rise/);
    for (const part of ["channel=whatsapp", "language=de", "sentiment=angry", "from="])
        expect(page.url()).toContain(part);
    await rows(page).first().getByText(/Tür/).waitFor();
}

/** The last decision was taken back, and the insight is back for good. */
async function expectBack(id: string) {
    await notice(page, "Undone: 1 insight resolved").waitFor();
    const { resolved_at, archived_at, occurrence_count } = await server.call(admin, "GET", `/insights/${id}`);
    expect({ resolved_at, archived_at }).toEqual({ resolved_at: null, archived_at: null });
    expect(occurrence_count).toBeGreaterThanOrEqual(14 + 12 + 40);
}

test("by keyboard alone", async () => {
    await accept(page, "keyboard", server.invite("nora@example.com", "agent"));
    await filterByKeys(page, "channel", "whats");
    await filterByKeys(page, "lang", "ger");
    await filterByKeys(page, "feel", "angry");
    await enter(page, /^All time/, "Shift+Tab");
    await enter(page, /^Last 7 days/);
    await sortByKeys(page, 1);
    await expectSlice();
    await page.keyboard.press("o");
    const id = await insightShown(page);
    const itself = page.url();
    const read = new Set<string | null>();
    // three of its conversations
    await page.keyboard.press("1");
    for (let at = 0; at < 3; at++) {
        await page.keyboard.press("Tab");
        await enter(page, /Tür/);
        read.add(await besideShown(page));
        await page.keyboard.press("Escape");
        await page.waitForURL(itself);
    }
    expect(read.size).toBe(3);
    // its twin
    await page.keyboard.press("m");
    await page
        .getByRole("dialog")
        .getByText(/^Merged:/)
        .waitFor();
    await page.keyboard.press("Enter");
    await notice(page, "2 insights merged").waitFor();
    await page.keyboard.press("e");
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Enter");
    await notice(page, "1 insight archived until it escalates").waitFor();
    await page.keyboard.press("g");
    await page.keyboard.press("i");
    await rows(page).first().waitFor();
    await nextDay();
    // it comes back by itself
    await page.locator(".row", { hasText: "Came back" }).first().waitFor({ timeout: 60_000 });
    await page.keyboard.press("Home");
    await page.keyboard.press("Enter");
    await page.getByText(/^Came back on/).waitFor();
    await page.keyboard.press("r");
    await notice(page, "1 insight resolved").waitFor();
    await page.keyboard.press("z");
    await expectBack(id);
}, 180_000);

test("by mouse alone", async () => {
    await accept(page, "mouse", server.invite("otto@example.com", "agent"));
    await filterByMouse(page, "Channel", /WhatsApp/);
    await filterByMouse(page, "Language", /German/);
    await filterByMouse(page, "Feeling", /Angry/i);
    await page.getByRole("button", { name: "All time" }).click();
    await page.getByRole("button", { name: "Last 7 days" }).click();
    await page.getByRole("button", { name: "Moving first" }).click();
    await page.getByRole("menuitem", { name: "Most risen" }).click();
    await expectSlice();
    await rows(page).first().locator(".what a").click();
    const id = await insightShown(page);
    const itself = page.url();
    const read = new Set<string | null>();
    for (let at = 0; at < 3; at++) {
        await page.locator("[data-session] a.say").nth(at).click();
        read.add(await besideShown(page));
        await page.getByRole("button", { name: "Close the conversation" }).click();
        await page.waitForURL(itself);
    }
    expect(read.size).toBe(3);
    await page.getByRole("tab", { name: /^Similar/ }).click();
    await page.getByRole("button", { name: "Look at the merge" }).first().click();
    await page
        .getByRole("dialog")
        .getByText(/^Merged:/)
        .waitFor();
    await page.getByRole("button", { name: /into one/ }).click();
    await notice(page, "2 insights merged").waitFor();
    await page.getByRole("button", { name: "Archive" }).first().click();
    await page.getByRole("button", { name: "Archive until it escalates" }).click();
    await notice(page, "1 insight archived until it escalates").waitFor();
    await page.getByRole("link", { name: "Insights" }).first().click();
    await rows(page).first().waitFor();
    await nextDay();
    await page.locator(".row", { hasText: "Came back" }).first().locator(".what a").click({ timeout: 60_000 });
    await page.getByText(/^Came back on/).waitFor();
    await page.getByRole("button", { name: "Resolve" }).click();
    await notice(page, "1 insight resolved").waitFor();
    await page.locator(".notice", { hasText: "1 insight resolved" }).getByRole("button", { name: "Undo" }).click();
    await expectBack(id);
}, 180_000);
