/** What somebody does who has only a keyboard, or only a mouse. */

import type { Page } from "playwright-core";
import { expect } from "vitest";
import { PASSWORD } from "../support";

/** The most presses of Tab to what is looked for: more would be no way. */
const PRESSES_MAX = 60;

export const rows = (page: Page) => page.locator("[role=row][aria-rowindex]");

/** What has the focus is called so. */
const focused = (page: Page) =>
    page.evaluate(() => {
        const element = document.activeElement as HTMLInputElement | null;
        const label = element?.getAttribute("aria-label") ?? element?.labels?.[0]?.innerText;
        return (label ?? element?.innerText ?? "").trim();
    });

/** Presses Tab until what has the focus is called so. */
export async function tabTo(page: Page, name: RegExp, way: "Tab" | "Shift+Tab" = "Tab") {
    const met: string[] = [];
    for (let presses = 0; presses < PRESSES_MAX; presses++) {
        const here = await focused(page);
        if (name.test(here)) return;
        met.push(here.slice(0, 30));
        await page.keyboard.press(way);
    }
    throw new Error(`nothing is called ${name}: ${met.join(" | ")}`);
}

/** Presses Tab until what has the focus is called so, and Enter. */
export async function enter(page: Page, name: RegExp, way: "Tab" | "Shift+Tab" = "Tab") {
    await tabTo(page, name, way);
    await page.keyboard.press("Enter");
}

/** Signs a new member in by the link of the invitation. */
export async function accept(page: Page, by: "keyboard" | "mouse", link: string) {
    await page.goto(link);
    const field = page.locator("input[type=password]");
    await field.waitFor();
    if (by === "mouse") await field.click();
    else
        while (!(await page.evaluate(() => document.activeElement?.matches("input[type=password]"))))
            await page.keyboard.press("Tab");
    // what has to be typed is typed
    await page.keyboard.type(PASSWORD);
    if (by === "mouse") await page.getByRole("button", { name: /Go on|Sign in|Set/ }).click();
    else await page.keyboard.press("Enter");
    await page.waitForURL(/\/app\//);
    await rows(page).first().waitFor();
}

/** Adds a condition as somebody does who types. */
export async function filterByKeys(page: Page, by: string, value: string) {
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
export async function filterByMouse(page: Page, by: string, value: RegExp) {
    const filters = page.getByRole("toolbar", { name: "Filters" });
    await filters.getByRole("button", { name: /^Filter/ }).click();
    await page.getByRole("button", { name: by, exact: true }).click();
    await page.getByRole("checkbox", { name: value }).click();
    await filters.getByText(by).first().waitFor();
    await page.locator("h1").click();
}

/** Sorts the list by an entry of its menu, counted from the first. */
export async function sortByKeys(page: Page, steps: number) {
    await enter(page, /^Moving first/);
    await page.getByRole("menu").waitFor();
    for (let step = 0; step < steps; step++) await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.getByRole("menu").waitFor({ state: "detached" });
}

/** The id of the insight whose page is shown. */
export async function insightShown(page: Page): Promise<string> {
    await page.waitForURL(/\/app\/insights\/[0-9a-f-]{36}/);
    await page.locator("[data-session] a.say").first().waitFor();
    return new URL(page.url()).pathname.split("/").at(-1)!;
}

/** The id of the conversation that is shown beside the page, at the statement that counts. */
export async function besideShown(page: Page): Promise<string | null> {
    await page.waitForURL(/beside=[^&]+&statement=/);
    await page.locator(".beside .pointed mark").first().waitFor();
    return new URL(page.url()).searchParams.get("beside");
}

/** Expects that something that can be reached has the focus, not the page as a whole. */
export async function expectFocus(page: Page) {
    await expect
        .poll(() => page.evaluate(() => document.activeElement !== document.body), { timeout: 5_000 })
        .toBe(true);
}
