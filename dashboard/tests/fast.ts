/**
 * How fast the page is on 100,000 sessions and 2,000 insights: `make bench-dashboard` prints the table. The data folder is
 * what `REFRAIN_BENCH_KEEP=FOLDER cargo bench --bench insights` leaves; `REFRAIN_BENCH_DATA` names it.
 */

import type { CDPSession, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { endBrowser, Server, signIn } from "./support";

const REPETITIONS = 40;

let server: Server;
const table: { what: string; p50: number; p95: number; most: number; asked: string }[] = [];

beforeAll(async () => {
    const data = process.env.REFRAIN_BENCH_DATA;
    if (!data) throw new Error("REFRAIN_BENCH_DATA names no data folder");
    server = await Server.open(data);
});
afterAll(async () => {
    await endBrowser();
    server.stop();
    console.table(table);
});

const at = (sorted: number[], share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;

function note(what: string, times: number[], asked: string) {
    const sorted = times.toSorted((a, b) => a - b);
    const round = (time: number) => Math.round(10 * time) / 10;
    table.push({ what, p50: round(at(sorted, 0.5)), p95: round(at(sorted, 0.95)), most: round(sorted.at(-1)!), asked });
}

async function open(page: Page, path = "/app/insights") {
    await page.goto(server.url + path);
    await page.locator("[role=row][aria-rowindex]").first().waitFor();
    await page.waitForLoadState("networkidle");
}

/** Returns the largest paint of a page that is opened, in milliseconds. */
async function largestPaint(page: Page): Promise<number> {
    await open(page);
    return page.evaluate(async () => {
        let last = 0;
        const observer = new PerformanceObserver((list) => (last = list.getEntries().at(-1)!.startTime));
        observer.observe({ type: "largest-contentful-paint", buffered: true });
        await new Promise((resolve) => setTimeout(resolve, 300));
        return last;
    });
}

test("the home is painted", async () => {
    const times: number[] = [];
    for (let repetition = 0; repetition < 8; repetition++) {
        // a browser that has nothing yet
        const page = await signIn(server);
        times.push(await largestPaint(page));
        await page.context().close();
    }
    note("largest paint of the home, nothing cached", times, "600 ms");
    const slow: number[] = [];
    for (let repetition = 0; repetition < 5; repetition++) {
        const page = await signIn(server);
        const session: CDPSession = await page.context().newCDPSession(page);
        await session.send("Emulation.setCPUThrottlingRate", { rate: 4 });
        await session.send("Network.enable");
        const speed = (10 * 1_000_000) / 8;
        await session.send("Network.emulateNetworkConditions", {
            offline: false,
            latency: 40,
            downloadThroughput: speed,
            uploadThroughput: speed,
        });
        slow.push(await largestPaint(page));
        await page.context().close();
    }
    note("the same, CPU 4 times slower, 10 Mbit/s, 40 ms", slow, "1,500 ms");
});

/** Presses keys, and returns for each the time from the key to the next paint. */
async function pressed(page: Page, keys: string[]): Promise<number[]> {
    await page.evaluate(() => {
        const times: number[] = [];
        Object.assign(window, { times });
        addEventListener(
            "keydown",
            (event) => {
                // painted once the frame behind the next one begins
                requestAnimationFrame(() => setTimeout(() => times.push(performance.now() - event.timeStamp)));
            },
            { capture: true },
        );
    });
    for (const key of keys) {
        await page.keyboard.press(key);
        await page.waitForTimeout(60);
    }
    return page.evaluate(() => (window as any).times as number[]);
}

test("keys answer", async () => {
    const page = await signIn(server);
    for (const [what, keys] of [
        ["J", Array(REPETITIONS).fill("j")],
        ["K", [...Array(30).fill("j"), ...Array(REPETITIONS).fill("k")]],
        ["X", Array(REPETITIONS).fill("x")],
    ] as const) {
        await open(page);
        note(`${what}, from key to pixels`, (await pressed(page, keys as string[])).slice(-REPETITIONS), "50 ms");
    }
    const opened: number[] = [];
    const palette: number[] = [];
    for (let repetition = 0; repetition < 15; repetition++) {
        await open(page);
        opened.push(...(await pressed(page, ["o"])));
        await open(page);
        const times = await pressed(page, ["Control+k", ..."refund"]);
        palette.push(...times.slice(1));
    }
    note("O, from key to pixels", opened, "50 ms");
    note("palette and typing in it", palette, "50 ms");
    await open(page);
    const decided: number[] = [];
    for (let repetition = 0; repetition < 10; repetition++) {
        decided.push(...(await pressed(page, ["r"])).slice(-1));
        await page.waitForTimeout(300);
        await page.keyboard.press("z");
        await page.waitForTimeout(600);
    }
    note("a decision shows", decided, "50 ms");
    await page.context().close();
}, 300_000);

/** Clicks, and returns the time to the final rows and how much of it the page itself took. */
async function changed(page: Page, change: () => Promise<void>): Promise<{ all: number; own: number }> {
    await page.evaluate(() => {
        performance.clearResourceTimings();
        (window as any).done = new Promise((resolve) => {
            let began = 0;
            let frames = 0;
            for (const kind of ["pointerup", "keydown", "change"])
                addEventListener(kind, (event) => (began ||= event.timeStamp), { capture: true });
            const look = () => {
                const asked = performance
                    .getEntriesByType("resource")
                    .filter(({ name }) => name.endsWith("/insights/rows")) as PerformanceResourceTiming[];
                const list = document.querySelector(".list");
                // what is known already is shown without asking
                if (began) frames++;
                if (frames > (asked.length ? 0 : 3) && list?.getAttribute("aria-busy") === "false") {
                    const server = asked.reduce((sum, { responseEnd, startTime }) => sum + responseEnd - startTime, 0);
                    const all = performance.now() - began;
                    resolve({ all, own: all - server });
                } else requestAnimationFrame(look);
            };
            requestAnimationFrame(look);
        });
    });
    await change();
    return page.evaluate(() => (window as any).done);
}

test("changes of what is asked for", async () => {
    const page = await signIn(server);
    await open(page);
    const all: number[] = [];
    const own: number[] = [];
    const channels = ["web", "whatsapp", "email", "sms", "messenger", "slack"];
    for (let repetition = 0; repetition < REPETITIONS; repetition++) {
        const channel = channels[repetition % channels.length]!;
        const time = await changed(page, async () => {
            if (repetition % 3 === 0) {
                await page.getByRole("tab", { name: repetition % 2 ? /Unresolved/ : /All/ }).click();
            } else {
                await page.evaluate(
                    (to) => {
                        dispatchEvent(new PointerEvent("pointerup"));
                        history.pushState({}, "", to);
                        dispatchEvent(new PopStateEvent("popstate"));
                    },
                    `/app/insights?channel=${channel}&min_sessions=${repetition + 1}`,
                );
            }
        });
        all.push(time.all);
        own.push(time.own);
    }
    note("a change of filter or tab, to the final rows", all, "150 ms");
    note("of which the page itself", own, "50 ms");
    await page.context().close();
}, 300_000);

test("scrolling and memory", async () => {
    const page = await signIn(server);
    await open(page, "/app/insights?status=all");
    await page.evaluate(() => {
        const tasks: number[] = [];
        Object.assign(window, { tasks });
        new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({
            type: "longtask",
        });
    });
    let elements = 0;
    for (let step = 0; step < 200; step++) {
        await page.evaluate(() => document.querySelector("[role=grid]")!.scrollBy(0, 450));
        await page.waitForTimeout(30);
        elements = Math.max(elements, await page.evaluate(() => document.querySelectorAll("*").length));
    }
    const tasks: number[] = await page.evaluate(() => (window as any).tasks);
    note("tasks over 50 ms while 2,000 rows scroll", tasks.length ? tasks : [0], "none");
    table.push({ what: "most elements", p50: elements, p95: elements, most: elements, asked: "2,500" });
    const session = await page.context().newCDPSession(page);
    const heap = async () => {
        await session.send("HeapProfiler.collectGarbage");
        return (await session.send("Runtime.getHeapUsage")).usedSize / 1e6;
    };
    await open(page);
    const visit = (number: number) =>
        page.evaluate(
            (to) => {
                history.pushState({}, "", to);
                dispatchEvent(new PopStateEvent("popstate"));
            },
            `/app/insights?min_sessions=${1 + (number % 100)}&channel=${["web", "email"][number % 2]}`,
        );
    let early = 0;
    for (let number = 0; number < 500; number++) {
        await visit(number);
        await page.waitForTimeout(80);
        if (number === 50) early = await heap();
    }
    const late = await heap();
    table.push({
        what: "heap after 500 changes over that after 50, MB",
        p50: late - early,
        p95: late - early,
        most: late - early,
        asked: "5",
    });
    expect(elements).toBeLessThan(2_500);
    await page.context().close();
}, 300_000);
