/** Nothing is lost on a screen that is zoomed, with large text, by keyboard alone, in forced colors and without motion. */

import { afterAll, beforeAll, expect, test } from "vitest";
import { allPages, settled } from "./pages";
import { endBrowser, picture, Server, shop, signIn, unwanted, type WindowOptions } from "./support";

let server: Server;
let pages: Record<string, string>;

/** True for the pages that are looked at in every way; the settings are much like each other, and `REFRAIN_ALL` takes all. */
const isLooked = (noun: string) =>
    Boolean(process.env.REFRAIN_ALL) || !/^(settings (?!coming-back|members)|workbench |no )/.test(noun);

beforeAll(async () => {
    server = await Server.start(shop());
    const page = await signIn(server);
    pages = await allPages(server, page);
    await page.context().close();
});
afterAll(async () => {
    await endBrowser();
    server.stop();
    expect(unwanted).toEqual([]);
});

/** Returns what of a page cannot be seen or reached. */
function lost(): string[] {
    const found: string[] = [];
    const name = (element: Element) =>
        `<${element.tagName.toLowerCase()} class="${element.getAttribute("class") ?? ""}"> ` +
        JSON.stringify((element.getAttribute("aria-label") ?? element.textContent ?? "").trim().slice(0, 40));
    const isHidden = (element: Element) =>
        !element.checkVisibility({ visibilityProperty: true, opacityProperty: false }) ||
        element.closest(".sr, [aria-hidden=true], .skip, svg, option") !== null;
    if (document.documentElement.scrollWidth > innerWidth + 1)
        found.push(`the page is ${document.documentElement.scrollWidth - innerWidth} px wider than the window`);
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = texts.nextNode(); node; node = texts.nextNode()) {
        const element = node.parentElement!;
        if (!node.textContent?.trim() || isHidden(element)) continue;
        const range = document.createRange();
        range.selectNodeContents(node);
        const box = range.getBoundingClientRect();
        // what is cut says it in full on hover, or leads to a page that says it
        if (element.closest("[title], a, [role=row], [role=option]")) continue;
        for (let around: Element | null = element; around && around !== document.body; around = around.parentElement) {
            const style = getComputedStyle(around);
            const edge = around.getBoundingClientRect();
            if (/hidden|clip/.test(style.overflowX) && (box.right > edge.right + 2 || box.left < edge.left - 2))
                found.push(`cut at a side: ${name(element)}`);
            if (/hidden|clip/.test(style.overflowY) && (box.bottom > edge.bottom + 3 || box.top < edge.top - 3))
                found.push(`cut below: ${name(element)}`);
            if (/auto|scroll/.test(style.overflowX + style.overflowY) || style.position === "fixed") break;
        }
    }
    for (const row of document.querySelectorAll("[role=row], .box li > a")) {
        if (!isHidden(row) && row.scrollHeight > row.clientHeight + 2) found.push(`higher than its row: ${name(row)}`);
    }
    const controls = "a[href], button, input, select, textarea, summary, [role=application], [role=grid]";
    for (const control of document.querySelectorAll<HTMLElement>(controls)) {
        if (isHidden(control) || control.matches(":disabled, [tabindex='-1']")) continue;
        control.scrollIntoView({ block: "center", inline: "center" });
        const box = control.getBoundingClientRect();
        const [x, y] = [box.x + Math.min(box.width, innerWidth) / 2, box.y + Math.min(box.height, innerHeight) / 2];
        const there = document.elementFromPoint(x, y);
        const isThere = there && (control.contains(there) || there.contains(control) || there.closest("label"));
        if (!isThere) found.push(`out of reach: ${name(control)}${there ? `, below ${name(there)}` : ""}`);
    }
    return [...new Set(found)];
}

const ZOOMS: [string, WindowOptions][] = [
    ["zoomed to 400 %", { viewport: { width: 320, height: 256 } }],
    ["with text of 200 %", { viewport: { width: 1280, height: 1024 }, textSize: 32 }],
];

for (const [name, options] of ZOOMS) {
    test(`nothing is lost ${name}`, async () => {
        const page = await signIn(server, "admin", options);
        const all: string[] = [];
        for (const [noun, path] of Object.entries(pages).filter(([noun]) => isLooked(noun))) {
            await page.goto(server.url + path);
            await settled(page);
            await picture(page, `${noun.replaceAll(" ", "-")}-${name.match(/\d+/)![0]}`);
            all.push(...(await page.evaluate(lost)).map((what) => `${noun}: ${what}`));
        }
        await page.context().close();
        expect(all).toEqual([]);
    }, 480_000);
}

/** So many stops no page has. */
const PRESSES_MAX = 400;

/** Marks what Tab has to reach. */
function mark() {
    const controls = "a[href], button, input, select, textarea, summary, iframe, [tabindex]";
    const all = [...document.querySelectorAll<HTMLElement>(controls)].filter(
        (element) =>
            element.tabIndex >= 0 &&
            !element.matches(":disabled, [inert] *") &&
            element.checkVisibility({ visibilityProperty: true }) &&
            // of radio buttons with one name one is a stop
            !(element instanceof HTMLInputElement && element.type === "radio" && !element.checked),
    );
    Object.assign(window, { unreached: new Set(all), before: null });
}

/** Looks at what has the focus after a Tab: returns its name, or what is wrong with it. Null at the end of the page. */
function look(): { name: string; wrong: string[] } | null {
    const at = document.activeElement as HTMLElement | null;
    if (!at || at === document.body || at === document.documentElement) return null;
    const memory = window as unknown as { unreached: Set<HTMLElement>; before: HTMLElement | null };
    const name = `${at.tagName.toLowerCase()} ${JSON.stringify((at.getAttribute("aria-label") ?? at.innerText ?? "").trim().slice(0, 40))}`;
    const wrong: string[] = [];
    memory.unreached.delete(at);
    const box = at.getBoundingClientRect();
    // a field within a frame has the outline around the frame
    const outlined = [at, at.parentElement!].map((element) => getComputedStyle(element));
    if (!outlined.some(({ outlineStyle, outlineWidth }) => outlineStyle !== "none" && parseFloat(outlineWidth) >= 2))
        wrong.push(`no outline: ${name}`);
    if (box.right <= 0 || box.left >= innerWidth || box.bottom <= 0 || box.top >= innerHeight)
        wrong.push(`out of sight: ${name}`);
    const last = memory.before?.isConnected ? memory.before.getBoundingClientRect() : null;
    // to the left above is back, where text runs to the right below; another column may begin above
    if (last && memory.before && !memory.before.contains(at) && box.bottom < last.top - 4 && box.left < last.left - 4)
        wrong.push(`back: ${name}`);
    memory.before = at;
    return { name, wrong };
}

for (const width of [1440, 390]) {
    test(`Tab reaches all that can be used, in the order of reading, ${width} px wide`, async () => {
        const page = await signIn(server, "admin", { viewport: { width, height: 900 } });
        const all: string[] = [];
        for (const [noun, path] of Object.entries(pages).filter(([noun]) => width > 720 || isLooked(noun))) {
            await page.goto(server.url + path);
            await settled(page);
            await page.evaluate(mark);
            const visited: string[] = [];
            while (visited.length < PRESSES_MAX) {
                await page.keyboard.press("Tab");
                const found = await page.evaluate(look);
                // at its end a page begins again
                if (!found || (visited.length && found.name === visited[0])) break;
                visited.push(found.name);
                all.push(...found.wrong.map((what) => `${noun}: ${what}`));
            }
            if (visited.length === PRESSES_MAX) all.push(`${noun}: no end, ${visited.slice(-4).join(", ")}`);
            const missed = await page.evaluate(() =>
                [...(window as unknown as { unreached: Set<HTMLElement> }).unreached]
                    .filter((element) => element.isConnected && element.checkVisibility())
                    .map((element) => element.outerHTML.slice(0, 120)),
            );
            all.push(...missed.map((element) => `${noun}: not reached: ${element}`));
            if (!visited[0]?.includes("Skip to the page")) all.push(`${noun}: first is ${visited[0]}`);
        }
        await page.context().close();
        expect([...new Set(all)]).toEqual([]);
    }, 480_000);
}

test("the focus stays in a list of 20,000 while rows come and go", async () => {
    const ROWS = 20_000;
    const page = await signIn(server);
    const answer = await server.call(page.context(), "POST", "/insights/rows", { limit: 1 });
    const [row] = answer.items;
    const many = Array.from({ length: ROWS }, (_, at) => ({
        ...row,
        insight: {
            ...row.insight,
            id: `01890000-0000-7000-8000-${String(at).padStart(12, "0")}`,
            insight_number: at + 1,
            content: `Said ${at + 1}`,
        },
    }));
    let items = many;
    await page.route("**/insights/rows", (route) =>
        route.fulfill({ json: { ...answer, insights: items.length, items, next: null } }),
    );
    await page.goto(`${server.url}/app/insights`);
    await settled(page);
    const grid = page.getByRole("grid", { name: "Insights" });
    const focused = () => grid.evaluate((element) => element.contains(document.activeElement));
    const current = () =>
        grid.evaluate((element) => {
            const id = element.getAttribute("aria-activedescendant");
            return id && Number(document.getElementById(id)?.querySelector(".number")?.textContent?.slice(1));
        });
    await grid.focus();
    for (let press = 0; press < 200; press++) await page.keyboard.press("j");
    expect([await focused(), await current()]).toEqual([true, 201]);
    // out of sight it keeps the focus, and the next key goes on from there
    await grid.evaluate((element) => (element.scrollTop = element.scrollHeight / 2));
    await expect.poll(() => page.locator("[role=row][aria-rowindex]").first().innerText()).toMatch(/#\d{4,5}/);
    expect(await focused()).toBe(true);
    await page.keyboard.press("j");
    expect([await focused(), await current()]).toEqual([true, 202]);
    await page.keyboard.press("End");
    expect([await focused(), await current()]).toEqual([true, ROWS]);
    await page.keyboard.press("PageUp");
    expect(await focused()).toBe(true);
    await page.keyboard.press("Home");
    for (let press = 0; press < 4; press++) await page.keyboard.press("j");
    // the current row and those around it leave: what takes its place is current
    items = many.filter((_, at) => at < 3 || at > 8);
    await page.evaluate(() => dispatchEvent(new Event("focus")));
    await page.getByRole("tab", { name: /^All/ }).evaluate((tab: HTMLElement) => tab.click());
    await page.getByRole("tab", { name: /^All/, selected: true }).waitFor();
    await expect.poll(current).toBe(11);
    expect(await focused()).toBe(true);
    // others come before it: it stays what it was
    items = many.filter((_, at) => at > 8 || at < 9);
    await page.getByRole("tab", { name: /^Unresolved/ }).evaluate((tab: HTMLElement) => tab.click());
    await expect.poll(() => page.locator("[role=row][aria-rowindex]").nth(4).innerText()).toMatch("#5");
    expect([await focused(), await current()]).toEqual([true, 11]);
    await page.context().close();
}, 120_000);

test("forced colors leave outlines, marks and choices", async () => {
    const page = await signIn(server, "admin", { forcedColors: "active" });
    for (const noun of ["insights", "insight", "insight split", "conversation", "overview", "settings coming-back"]) {
        await page.goto(server.url + pages[noun]);
        await settled(page);
        await picture(page, `${noun.replaceAll(" ", "-")}-forced-colors`);
    }
    // what is on differs from what is off by more than its ground, which is taken away
    await page.goto(server.url + pages["settings coming-back"]);
    await settled(page);
    const looks = await page.locator("[role=radio]").evaluateAll((radios) =>
        radios.map((radio) => {
            const { outlineStyle, backgroundColor, color } = getComputedStyle(radio);
            return [radio.getAttribute("aria-checked"), `${outlineStyle} ${backgroundColor} ${color}`];
        }),
    );
    const on = new Set(looks.filter(([isOn]) => isOn === "true").map(([, look]) => look));
    expect(looks.filter(([isOn, look]) => isOn === "false" && on.has(look!))).toEqual([]);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => getComputedStyle(document.activeElement!).outlineStyle)).toBe("solid");
    // the columns of a chart are not one color with what was expected
    await page.goto(server.url + pages.insight);
    await settled(page);
    const colors = await page.locator(".figure canvas").evaluate((canvas: HTMLCanvasElement) => {
        const { data } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
        const counts = new Map<string, number>();
        for (let at = 0; at < data.length; at += 4) {
            if (data[at + 3]! < 200) continue;
            const color = `${data[at]},${data[at + 1]},${data[at + 2]}`;
            counts.set(color, (counts.get(color) ?? 0) + 1);
        }
        return [...counts.values()].filter((pixels) => pixels > 400).length;
    });
    expect(colors).toBeGreaterThan(1);
    await page.context().close();
}, 60_000);

test("without motion nothing moves, and all works", async () => {
    const page = await signIn(server, "admin", { reducedMotion: "reduce" });
    await page.goto(`${server.url}/app/insights`);
    await settled(page);
    for (const [name, keys] of [
        ["palette", "Control+k"],
        ["filter", "f"],
        ["archive", "e"],
    ] as const) {
        await page.keyboard.press(keys);
        await page.getByRole("dialog").first().waitFor();
        const moving = await page.evaluate(() => document.getAnimations().length);
        expect([name, moving]).toEqual([name, 0]);
        await picture(page, `${name}-reduced-motion`);
        await page.keyboard.press("Escape");
        await page.getByRole("dialog").first().waitFor({ state: "detached" });
    }
    await page.context().close();
}, 60_000);
