/** With a server that is slow, that fails, refuses or does not answer, no decision is lost, or shown as done when it is not. */

import type { Page, Route } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { endBrowser, notice, Server, signIn, unwanted, type Conversation } from "./support";

/** The milliseconds after which a slow server answers. */
const SLOW = 3_000;

const ABOUT = [
    "My parcel has not arrived yet",
    "I want to cancel my booking",
    "The app crashes when I open it",
    "I was charged twice this month",
    "How do I change my address?",
    "The discount code is refused",
    "Your shop shows the wrong size",
    "I cannot reset my password",
    "The invoice has the wrong name",
    "My points are missing",
    "The delivery driver was rude",
    "Can I pay by bank transfer?",
];

let server: Server;
let page: Page;

beforeAll(async () => {
    const conversations: Conversation[] = ABOUT.flatMap((text, at) =>
        Array.from({ length: 5 }, (_, copy) => ({
            id: `fault-${at}-${copy}`,
            channel: "web",
            created_at: new Date(Date.now() - (copy + 1) * 86_400_000).toISOString(),
            contact: { email: `f${at}-${copy}@example.com` },
            turns: [{ role: "contact", text }],
        })),
    );
    server = await Server.start(conversations);
    page = await signIn(server);
});
afterAll(async () => {
    await endBrowser();
    server.stop();
    expect(unwanted).toEqual([]);
});
beforeEach(async () => {
    await page.goto(`${server.url}/app/insights?group=none&sort=sessions`);
    await rows().first().waitFor();
    await page.waitForLoadState("networkidle").catch(() => {});
    // what the page says, all of it
    await page.evaluate(() => {
        const said: string[] = [];
        Object.assign(window, { said });
        new MutationObserver((changes) => {
            for (const { addedNodes } of changes)
                for (const node of addedNodes)
                    if (node instanceof HTMLElement && node.matches(".notice"))
                        said.push(node.querySelector("span")!.textContent!);
        }).observe(document.querySelector(".notices")!, { childList: true });
    });
});
afterEach(async () => {
    await page.unrouteAll({ behavior: "ignoreErrors" });
    // as it was for the next test
    const { items } = await list("resolved");
    if (items.length) {
        const insight_ids = items.map(({ insight }: any) => insight.id);
        await server.call(page.context(), "POST", "/insights/bulk", { decision: "reopen", insight_ids });
    }
});

const rows = () => page.locator("[role=row][aria-rowindex]");
const list = (status: string) =>
    server.call(page.context(), "POST", "/insights/rows", { filter: { status: [status] }, limit: 100 });
const resolvedIds = async () => ((await list("resolved")).items as any[]).map(({ insight }) => insight.id).sort();
const shownIds = () => rows().evaluateAll((shown) => shown.map(({ id }) => id.slice("row-".length)));
const said = () => page.evaluate(() => (window as any).said as string[]);

/** Has every request to the API answered otherwise; the stream of changes is left alone. */
async function answer(otherwise: (route: Route, at: number) => Promise<void>) {
    let at = 0;
    await page.route(
        (url) => !url.pathname.startsWith("/app/"),
        (route) => (route.request().resourceType() === "eventsource" ? route.continue() : otherwise(route, at++)),
    );
}

/** Has every decision answered otherwise. */
async function answerDecisions(otherwise: (route: Route, at: number) => Promise<void>) {
    let at = 0;
    await page.route("**/insights/bulk", (route) => otherwise(route, at++));
}

const wait = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));
/** Goes on with a request after a while, if the test still waits for it. */
const later = (route: Route) => wait(SLOW).then(() => route.continue().catch(() => {}));
const refuse = (status: number, headers: Record<string, string> = {}) => ({
    status,
    headers,
    contentType: "application/json",
    body: JSON.stringify({ statusCode: status, message: "it changed", error: "x" }),
});

/** Resolves the current row. Returns its id, once it is gone from the list. */
async function resolve(): Promise<string> {
    const id = (await page.locator(".row.current").getAttribute("id"))!.slice("row-".length);
    await page.keyboard.press("r");
    expect(await page.locator(`[id="row-${id}"]`).count()).toBe(0);
    return id;
}

/** Watches that rows which are gone do not come back. Returns those that did. */
async function watch(ids: string[]): Promise<() => Promise<string[]>> {
    await page.evaluate((ids) => {
        const back = new Set<string>();
        Object.assign(window, { back });
        new MutationObserver(() => {
            for (const id of ids) if (document.getElementById(`row-${id}`)) back.add(id);
        }).observe(document.querySelector("[role=grid]")!, { childList: true, subtree: true });
    }, ids);
    return () => page.evaluate(() => [...((window as any).back as Set<string>)]);
}

test("a slow server: what was decided stays so while the list is read anew, and is said once it is done", async () => {
    await answer(later);
    const ids = [await resolve(), await resolve(), await resolve()];
    const back = await watch(ids);
    expect(await said()).toEqual([]);
    // somebody else decides, and so the page reads the list while ours wait
    const other = (await shownIds()).at(-1)!;
    await server.call(page.context(), "POST", "/insights/bulk", { decision: "resolve", insight_ids: [other] });
    await expect.poll(said, { timeout: 5 * SLOW }).toEqual(Array(3).fill("1 insight resolved"));
    expect(await resolvedIds()).toEqual([...ids, other].sort());
    // and once the page has read all
    await expect.poll(shownIds, { timeout: 5 * SLOW }).not.toContain(other);
    expect(await back()).toEqual([]);
    expect(await rows().count()).toBe(ABOUT.length - 4);
});

test("a slow server: what is undone before it was answered is undone", async () => {
    await answerDecisions(later);
    const [first, second] = [await resolve(), await resolve()];
    // the second was not sent yet
    await page.keyboard.press("z");
    await notice(page, "Undone: 1 insight resolved").waitFor();
    expect(await shownIds()).toContain(second);
    await page.keyboard.press("z");
    await expect.poll(shownIds).toContain(first);
    await expect.poll(said, { timeout: 3 * SLOW }).toEqual(Array(2).fill("Undone: 1 insight resolved"));
    expect(await resolvedIds()).toEqual([]);
    expect(await rows().count()).toBe(ABOUT.length);
});

for (const [how, fail] of [
    ["by no answer", (route: Route) => route.abort()],
    ["by an answer that is lost", (route: Route) => route.fetch().then(() => route.abort())],
    ["by 503", (route: Route) => route.fulfill(refuse(503))],
] as const) {
    test(`every third request fails ${how}: each decision is done once`, async () => {
        await answer((route, at) => (at % 3 === 2 ? fail(route) : route.continue()));
        const ids: string[] = [];
        for (let number = 0; number < 6; number++) ids.push(await resolve());
        await expect.poll(said, { timeout: 40_000 }).toEqual(Array(6).fill("1 insight resolved"));
        expect(await resolvedIds()).toEqual(ids.toSorted());
        // the newest is known by its operation, whether or not its first answer was lost
        await page.keyboard.press("z");
        await expect.poll(said, { timeout: 20_000 }).toContain("Undone: 1 insight resolved");
        expect(await resolvedIds()).toEqual(ids.slice(0, -1).toSorted());
    });
}

test("every third request fails by 500: what is said to be done is done, and nothing else", async () => {
    await answerDecisions(async (route, at) => {
        await wait(300);
        await (at % 3 === 2 ? route.fulfill(refuse(500)) : route.continue());
    });
    const ids: string[] = [];
    for (let number = 0; number < 6; number++) ids.push(await resolve());
    await expect.poll(async () => (await said()).length, { timeout: 20_000 }).toBe(6);
    const wasDone = (await said()).map((text) => !text.includes("not done"));
    expect(wasDone.filter((done) => !done)).toHaveLength(2);
    expect(await resolvedIds()).toEqual(ids.filter((_, at) => wasDone[at]).sort());
    for (const [at, id] of ids.entries()) expect((await shownIds()).includes(id)).toBe(!wasDone[at]);
});

test("what is refused by 409 is taken back alone", async () => {
    await answerDecisions(async (route, at) => {
        await wait(500);
        await (at === 1 ? route.fulfill(refuse(409)) : route.continue());
    });
    const ids = [await resolve(), await resolve(), await resolve()];
    const back = await watch([ids[0]!, ids[2]!]);
    await notice(page, /not done\. It changed/).waitFor();
    await expect.poll(said).toHaveLength(3);
    await expect.poll(shownIds).toContain(ids[1]);
    expect(await back()).toEqual([]);
    expect(await resolvedIds()).toEqual([ids[0]!, ids[2]!].sort());
});

test("to be too quick once is not told, and the decision is done when the server says", async () => {
    await answerDecisions((route, at) =>
        at === 0 ? route.fulfill(refuse(429, { "retry-after": "2" })) : route.continue(),
    );
    const began = Date.now();
    const id = await resolve();
    const back = await watch([id]);
    await notice(page, "1 insight resolved").waitFor();
    expect(Date.now() - began).toBeGreaterThan(1_900);
    expect(await page.getByText("Refrain does not answer.").count()).toBe(0);
    expect(await back()).toEqual([]);
    expect(await resolvedIds()).toEqual([id]);
});

test("a server that is stopped: the decision waits, the page asks before it is left, and nothing is said to be done", async () => {
    server.pause();
    const id = await resolve();
    await page.waitForTimeout(1_500);
    expect(await said()).toEqual([]);
    const asks = page.waitForEvent("dialog");
    void page.evaluate(() => location.reload()).catch(() => {});
    await (await asks).dismiss();
    server.resume();
    await notice(page, "1 insight resolved").waitFor();
    expect(await resolvedIds()).toEqual([id]);
});

test("a server that crashes: decisions wait in their order, and each is done once when it is back", async () => {
    await server.crash();
    const ids = [await resolve(), await resolve()];
    await page.getByText("Refrain does not answer.").waitFor();
    expect(await said()).toEqual([]);
    await server.comeBack();
    await expect.poll(said, { timeout: 30_000 }).toEqual(Array(2).fill("1 insight resolved"));
    expect(await resolvedIds()).toEqual(ids.toSorted());
    await page.getByText("Refrain does not answer.").waitFor({ state: "detached" });
    // the page hears of changes again
    const other = (await shownIds()).at(-1)!;
    await server.call(page.context(), "POST", "/insights/bulk", { decision: "resolve", insight_ids: [other] });
    await expect.poll(shownIds, { timeout: 30_000 }).not.toContain(other);
});

test("a team that something is routed to meanwhile is not unmade, and one of no use is", async () => {
    await page.goto(`${server.url}/app/settings/teams`);
    const teams = async () =>
        ((await server.call(page.context(), "GET", "/teams")) as { name: string }[]).map(({ name }) => name);
    for (const [name, isUsed] of [
        ["Night shift", true],
        ["Day shift", false],
    ] as const) {
        await page.getByRole("button", { name: "New team" }).click();
        await page.getByLabel("Name").fill(name);
        await page.getByRole("button", { name: "Save" }).click();
        await notice(page, `The team “${name}” is there.`).waitFor();
        if (isUsed) {
            const all = (await server.call(page.context(), "GET", "/teams")) as { id: string; name: string }[];
            const team_id = all.find((team) => team.name === name)!.id;
            await server.call(page.context(), "POST", "/chat/sessions", { team_id });
        }
        await page.locator(".notices").getByRole("button", { name: "Undo" }).last().click();
        if (isUsed) await notice(page, /It is used meanwhile/).waitFor();
        await expect.poll(async () => (await teams()).includes(name)).toBe(isUsed);
    }
});
