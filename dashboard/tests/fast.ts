/**
 * How fast the page is on 100,000 sessions and 2,000 insights: `make bench-dashboard` prints the table. The data folder is
 * what `REFRAIN_BENCH_KEEP=FOLDER cargo bench --bench insights` leaves; `REFRAIN_BENCH_DATA` names it. Each measure has an
 * end: what is not seen by then is counted as such.
 */

import type { CDPSession, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeUp, scrollThrough, type Cost } from "./many";
import { endBrowser, Server, signIn } from "./support";

const REPETITIONS = Number(process.env.REFRAIN_REPETITIONS ?? 40);
/** The milliseconds after which something is not seen. */
const DEADLINE = 5_000;
const TEST_MAX = 600_000;

interface Line {
    what: string;
    p50: number | string;
    p95: number | string;
    most: number | string;
    wanted: string;
    unseen: number;
}

let server: Server;
const table: Line[] = [];

beforeAll(async () => {
    const data = process.env.REFRAIN_BENCH_DATA;
    if (!data) throw new Error("REFRAIN_BENCH_DATA names no data folder");
    server = await Server.open(data);
});
afterAll(async () => {
    console.table(table);
    await endBrowser();
    server.stop();
});

function write(line: Line) {
    table.push(line);
    console.info(`| ${Object.values(line).join(" | ")} |`);
}

/** Writes a line of the table; null is what was not seen. */
function note(what: string, times: (number | null)[], wanted: string) {
    const sorted = times.filter((time) => time !== null).sort((a, b) => a - b);
    const at = (share: number) => {
        const time = sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
        return time === undefined ? "not seen" : Math.round(10 * time) / 10;
    };
    write({ what, p50: at(0.5), p95: at(0.95), most: at(1), wanted, unseen: times.length - sorted.length });
}

function noteOne(what: string, value: number, wanted: string) {
    const rounded = Math.round(10 * value) / 10;
    write({ what, p50: rounded, p95: rounded, most: rounded, wanted, unseen: 0 });
}

const goTo = (page: Page, to: string) =>
    page.evaluate((to) => {
        history.pushState({}, "", to);
        dispatchEvent(new PopStateEvent("popstate"));
    }, to);

/** Opens a page, and waits until its rows are there and it rests. */
async function open(page: Page, path = "/app/insights") {
    await page.goto(server.url + path);
    await page
        .locator("[role=row][aria-rowindex]")
        .first()
        .waitFor({ timeout: 2 * DEADLINE });
    await page.waitForTimeout(800);
}

/** Returns the largest paint of a page that is opened, in milliseconds; null if its rows were not seen. */
async function largestPaint(page: Page): Promise<number | null> {
    try {
        await open(page);
    } catch {
        return null;
    }
    return page.evaluate(
        () =>
            new Promise<number | null>((resolve) => {
                let last: number | null = null;
                const observer = new PerformanceObserver((list) => (last = list.getEntries().at(-1)!.startTime));
                observer.observe({ type: "largest-contentful-paint", buffered: true });
                setTimeout(() => resolve(last), 300);
            }),
    );
}

test(
    "the home is painted",
    async () => {
        const times: (number | null)[] = [];
        for (let repetition = 0; repetition < 24; repetition++) {
            // a browser that has nothing yet
            const page = await signIn(server);
            times.push(await largestPaint(page));
            await page.context().close();
        }
        note("largest paint of the home, nothing cached", times, "600 ms");
        const slow: (number | null)[] = [];
        for (let repetition = 0; repetition < 12; repetition++) {
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
    },
    TEST_MAX,
);

/**
 * Presses a key, and returns the time from it to the frame in which what `state` tells is another; null if that was not
 * seen.
 */
async function pressed(page: Page, key: string, state: string): Promise<number | null> {
    await page.evaluate(
        ({ state, deadline }) => {
            // the page's policy runs no text as script; what looks is one of these
            const looks: Record<string, () => string | null> = {
                current: () => document.querySelector("[role=grid]")?.getAttribute("aria-activedescendant") ?? null,
                selected: () => String(document.querySelectorAll("[role=row][aria-selected=true]").length),
                page: () => String(document.querySelector("[role=grid][aria-label=Insights]") === null),
                first: () => document.querySelector("[role=row][aria-rowindex]")?.id ?? null,
                palette: () => String(document.querySelector("[role=dialog] [role=combobox]") !== null),
                typed: () => document.querySelector<HTMLInputElement>("[role=combobox]")?.value ?? null,
            };
            const look = looks[state]!;
            const before = look();
            (window as any).seen = new Promise<number | null>((resolve) => {
                const down = new AbortController();
                addEventListener(
                    "keydown",
                    (event) => {
                        // the key that is held for another is no press yet
                        if (event.key === "Control") return;
                        down.abort();
                        // painted once what was asked for behind a frame runs
                        const frame = () =>
                            requestAnimationFrame(() => {
                                const isThere = look() !== before;
                                setTimeout(() => {
                                    const time = performance.now() - event.timeStamp;
                                    if (isThere) resolve(time);
                                    else if (time < deadline) frame();
                                    else resolve(null);
                                });
                            });
                        frame();
                    },
                    { capture: true, signal: down.signal },
                );
            });
        },
        { state, deadline: DEADLINE },
    );
    await page.keyboard.press(key);
    return page.evaluate(() => (window as any).seen as Promise<number | null>);
}

/** Presses keys one after the other, as fast as a quick hand does. */
async function pressedAll(page: Page, keys: string[], state: string): Promise<(number | null)[]> {
    const times: (number | null)[] = [];
    for (const key of keys) {
        times.push(await pressed(page, key, state));
        await page.waitForTimeout(60);
    }
    return times;
}

test(
    "keys answer",
    async () => {
        const page = await signIn(server);
        await open(page);
        note("J, from key to pixels", await pressedAll(page, Array(REPETITIONS).fill("j"), "current"), "50 ms");
        note("K, from key to pixels", await pressedAll(page, Array(REPETITIONS).fill("k"), "current"), "50 ms");
        const selected: (number | null)[] = [];
        for (let repetition = 0; repetition < REPETITIONS; repetition++) {
            selected.push(await pressed(page, "x", "selected"));
            if (repetition % 2) await page.keyboard.press("j");
            await page.waitForTimeout(60);
        }
        note("X, from key to pixels", selected, "50 ms");
        await page.keyboard.press("Escape");
        const opened: (number | null)[] = [];
        for (let repetition = 0; repetition < REPETITIONS / 2; repetition++) {
            await open(page);
            await page.waitForTimeout(1_500);
            opened.push(await pressed(page, "o", "page"));
        }
        note("O, from key to pixels", opened, "50 ms");
        const palette: (number | null)[] = [];
        const typed: (number | null)[] = [];
        for (let repetition = 0; repetition < REPETITIONS / 4; repetition++) {
            await open(page);
            await page.waitForTimeout(1_500);
            palette.push(await pressed(page, "Control+k", "palette"));
            await page.waitForTimeout(200);
            typed.push(...(await pressedAll(page, [..."refund"], "typed")));
        }
        note("palette, from key to pixels", palette, "50 ms");
        note("typing in it", typed, "50 ms");
        await open(page);
        const decided: (number | null)[] = [];
        for (let repetition = 0; repetition < REPETITIONS / 4; repetition++) {
            decided.push(await pressed(page, "r", "first"));
            await page.waitForTimeout(500);
            await page.keyboard.press("z");
            await page.waitForTimeout(1_500);
            await page.keyboard.press("Home");
        }
        note("a decision shows", decided, "50 ms");
        await page.context().close();
    },
    TEST_MAX,
);

/** What a change of what is asked for took, in milliseconds. */
interface Changed {
    /** To the frame with the final rows. */
    all: number;
    /** Without the time that the server was asked. */
    own: number;
}

/** Changes what is asked for, and waits for the frame with the final rows; null if they were not seen. */
async function changed(page: Page, change: () => Promise<void>): Promise<Changed | null> {
    await page.evaluate((deadline) => {
        performance.clearResourceTimings();
        const armed = performance.now();
        let began = 0;
        for (const kind of ["pointerup", "popstate"])
            addEventListener(kind, (event) => (began ||= event.timeStamp), { capture: true, once: true });
        (window as any).done = new Promise((resolve) => {
            const look = () => {
                const asked = performance
                    .getEntriesByType("resource")
                    .filter(({ name }) => name.endsWith("/insights/rows")) as PerformanceResourceTiming[];
                // a page without a list says that nothing matches, and is as final
                const isThere = document.querySelector(".list")?.getAttribute("aria-busy") !== "true";
                const now = performance.now();
                if (now - armed > deadline) return resolve(null);
                if (!began || !asked.length || !isThere) return requestAnimationFrame(look);
                const server = asked.reduce((sum, { responseEnd, startTime }) => sum + responseEnd - startTime, 0);
                setTimeout(() => {
                    const all = performance.now() - began;
                    resolve({ all, own: all - server });
                });
            };
            requestAnimationFrame(look);
        });
    }, DEADLINE);
    await change();
    return page.evaluate(() => (window as any).done as Promise<Changed | null>);
}

/** The milliseconds that the page's thread has had a processor. */
async function processor(session: CDPSession): Promise<number> {
    const { metrics } = await session.send("Performance.getMetrics");
    return 1_000 * metrics.find(({ name }) => name === "TaskDuration")!.value;
}

/** The channels that the data have. */
const CHANNELS = ["web", "email", "phone_voice"];
/** What is changed, and to what; each is asked for once, so that nothing is known before. */
const CHANGES: [string, (number: number) => string][] = [
    ["filter", (number) => `/app/insights?channel=${CHANNELS[number % 3]}&min_sessions=${number + 1}`],
    ["sort", (number) => `/app/insights?sort=${["sessions", "people"][number % 2]}&min_sessions=${number + 1}`],
    ["tab", (number) => `/app/insights?status=${["all", "unresolved"][number % 2]}&min_sessions=${100 + number}`],
];

test(
    "changes of what is asked for",
    async () => {
        const page = await signIn(server);
        const session = await page.context().newCDPSession(page);
        await session.send("Performance.enable", { timeDomain: "threadTicks" });
        await open(page);
        const times: (Changed | null)[] = [];
        const busy: number[] = [];
        for (const [what, to] of CHANGES) {
            const some: (Changed | null)[] = [];
            for (let number = 0; number < REPETITIONS; number++) {
                const before = await processor(session);
                some.push(await changed(page, () => goTo(page, to(number))));
                busy.push((await processor(session)) - before);
                await page.waitForTimeout(50);
            }
            note(
                `a change of ${what}, to the final rows`,
                some.map((time) => time && time.all),
                "150 ms",
            );
            times.push(...some);
        }
        note(
            "of which the page itself, all of them",
            times.map((time) => time && time.own),
            "50 ms",
        );
        note("of which its thread had a processor", busy, "50 ms");
        await page.context().close();
    },
    TEST_MAX,
);

function noteCost(what: string, { tasks, elements, last }: Cost, rows: number) {
    note(`tasks over 50 ms while ${what} rows scroll (${tasks.length} of them)`, tasks.length ? tasks : [0], "none");
    noteOne(`most elements while ${what} rows scroll`, elements, "2,500");
    noteOne(`rows reached of ${what}`, last, String(rows));
}

test(
    "scrolling",
    async () => {
        const page = await signIn(server);
        await open(page, "/app/insights?status=all");
        const cost = await scrollThrough(page, 450, 60_000);
        noteCost("2,000", cost, 2_000);
        await makeUp(page, server, 20_000);
        await open(page, "/app/insights?group=status");
        noteCost("20,000 made-up", await scrollThrough(page, 900, 240_000), 20_000);
        expect(cost.elements).toBeLessThanOrEqual(2_500);
        await page.context().close();
    },
    TEST_MAX,
);

test(
    "memory",
    async () => {
        const page = await signIn(server);
        await open(page);
        const session = await page.context().newCDPSession(page);
        const heap = async () => {
            await session.send("HeapProfiler.collectGarbage");
            return (await session.send("Runtime.getHeapUsage")).usedSize / 1e6;
        };
        let early = 0;
        for (let number = 1; number <= 500; number++) {
            await changed(page, () =>
                goTo(page, `/app/insights?min_sessions=${1 + (number % 60)}&channel=${CHANNELS[number % 3]}`),
            );
            if (number === 50) early = await heap();
        }
        const late = await heap();
        noteOne("heap after 50 changes of filter, MB", early, "");
        noteOne("heap after 500 over that, MB", late - early, "5");
        await page.context().close();
    },
    TEST_MAX,
);
