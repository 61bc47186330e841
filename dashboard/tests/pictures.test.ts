/**
 * How pages look, beside the pictures in `pictures/`: `REFRAIN_PICTURES=renew` takes those anew. What was seen, and where it
 * differs, is left in `target/pictures`. A picture with letters for which the machine has another font is not compared.
 */

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bank, insightOf, NOW } from "./bank";
import { settled } from "./pages";
import { endBrowser, FAKETIME, PICTURES, Server, signIn, unwanted, visit } from "./support";

const KEPT = join(import.meta.dirname, "pictures");
const RENEWS = process.env.REFRAIN_PICTURES === "renew";

/** The widest that a picture is kept. */
const WIDTH_MAX = 720;
/** How many pixels of a window are one where pictures are compared, so that the edges of letters do not count. */
const COARSE = 4;
/** The most by which a color may differ, of 255. */
const COLOR_MAX = 28;
/** The most pixels that may differ, of 1. */
const SHARE_MAX = 0.001;

/** The fonts with which pictures of other scripts are taken, and of the page to sign in on, which has the system's. */
const FONTS = { en: "DejaVu Sans", ar: "DejaVu Sans", he: "DejaVu Sans", ja: "Noto Sans CJK JP" } as const;
type Script = keyof typeof FONTS;

const fontOf = (script: Script) =>
    spawnSync("fc-match", ["-f", "%{family[0]}", `:lang=${script}`], { encoding: "utf8" }).stdout ?? "";

interface Look {
    name: string;
    path: string;
    themes: ("light" | "dark")[];
    isPhone?: boolean;
    isRightToLeft?: boolean;
    script?: Script;
    /** Does what comes before the picture. */
    act?: (page: Page) => Promise<unknown>;
}

const BOTH: Look["themes"] = ["light", "dark"];
let server: Server | undefined;
let pages: Page[] = [];
let looks: Look[] = [];

/** Presses keys one after the other. */
const press =
    (...keys: string[]) =>
    async (page: Page) => {
        for (const key of keys) await page.keyboard.press(key);
    };

beforeAll(async () => {
    if (!FAKETIME) return;
    server = await bank();
    for (const isPhone of [false, true]) {
        const viewport = isPhone ? { width: 390, height: 844 } : { width: 1440, height: 900 };
        const page = await signIn(server, "admin", { viewport, hasTouch: isPhone });
        await page.clock.setFixedTime(NOW);
        pages.push(page);
    }
    const context = pages[0]!.context();
    const card = await insightOf(server, context, /card/i);
    const archived = await insightOf(server, context, /identity/i);
    /** The newest conversation in a language. */
    const inLanguage = async (language: string) => {
        const query = { limit: 1, filter: { sessionLanguage: [language] } };
        const { items } = await server!.call(context, "POST", "/chat/sessions/query", query);
        return `/app/conversations/${items[0].session.id}?language=${language}`;
    };
    looks = [
        { name: "insights", path: "/app/insights", themes: BOTH },
        { name: "insights-phone", path: "/app/insights", themes: ["light"], isPhone: true },
        { name: "slice", path: "/app/insights?channel=web&language=en", themes: BOTH, act: press("x", "Shift+J") },
        { name: "insight", path: `/app/insights/${card}`, themes: BOTH },
        { name: "insight-split", path: `/app/insights/${card}?split=language&by=week`, themes: BOTH },
        { name: "insight-phone", path: `/app/insights/${card}`, themes: ["dark"], isPhone: true },
        { name: "archived", path: `/app/insights/${archived}`, themes: ["light"] },
        { name: "archive", path: `/app/insights/${card}`, themes: ["light"], act: press("e") },
        { name: "overview", path: "/app/overview", themes: BOTH },
        { name: "overview-phone", path: "/app/overview?show=angry", themes: ["light"], isPhone: true },
        { name: "conversation", path: await inLanguage("en"), themes: BOTH },
        { name: "conversation-phone", path: await inLanguage("en"), themes: ["light"], isPhone: true },
        { name: "conversation-german", path: await inLanguage("de"), themes: ["dark"] },
        { name: "conversation-arabic", path: await inLanguage("ar"), themes: ["light"], script: "ar" },
        { name: "conversation-hebrew", path: await inLanguage("he"), themes: ["dark"], script: "he" },
        { name: "conversation-japanese", path: await inLanguage("ja"), themes: ["light"], script: "ja" },
        { name: "right-to-left", path: "/app/insights", themes: ["light"], isRightToLeft: true },
        { name: "right-to-left-insight", path: `/app/insights/${card}`, themes: ["dark"], isRightToLeft: true },
        { name: "settings", path: "/app/settings/coming-back", themes: BOTH },
        { name: "workbench", path: "/app/workbench", themes: ["light"] },
        { name: "nothing", path: "/app/insights?channel=web&language=fr", themes: ["light"] },
        { name: "palette", path: "/app/insights", themes: ["dark"], act: press("Control+k") },
        {
            name: "filter-phone",
            path: "/app/insights",
            themes: BOTH,
            isPhone: true,
            act: async (page) => {
                await page.getByRole("toolbar", { name: "Filters" }).getByRole("button").last().tap();
                await page.getByRole("button", { name: "Channel", exact: true }).tap();
                await page.getByRole("checkbox").first().waitFor();
            },
        },
    ];
});
afterAll(async () => {
    await endBrowser();
    server?.stop();
    expect(unwanted).toEqual([]);
});

/** What is not the same in each run: digests and the ids in them. */
const masked = (page: Page): Locator[] => [page.locator("code")];

/** Compares two pictures in a page of a browser, whose decoder it is: how much differs, a picture of it, and the second small. */
async function compare({
    kept,
    seen,
    widthMax,
    coarse,
    colorMax,
}: {
    kept: string | null;
    seen: string;
    widthMax: number;
    coarse: number;
    colorMax: number;
}) {
    const read = async (base64: string) =>
        createImageBitmap(await (await fetch(`data:image/png;base64,${base64}`)).blob());
    const drawn = (image: ImageBitmap, width: number, height: number) => {
        const context = new OffscreenCanvas(width, height).getContext("2d")!;
        context.imageSmoothingQuality = "high";
        context.drawImage(image, 0, 0, width, height);
        return context;
    };
    const written = async (context: OffscreenCanvasRenderingContext2D) => {
        const bytes = new Uint8Array(await (await context.canvas.convertToBlob()).arrayBuffer());
        return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
    };
    const image = await read(seen);
    const scale = Math.min(1, widthMax / image.width);
    const small = await written(drawn(image, Math.round(image.width * scale), Math.round(image.height * scale)));
    if (!kept) return { small, share: 1, difference: small };
    const [width, height] = [Math.round(image.width / coarse), Math.round(image.height / coarse)];
    const one = drawn(await read(kept), width, height).getImageData(0, 0, width, height).data;
    // through the same sizes as the one that is kept
    const other = drawn(await read(small), width, height);
    const difference = other.getImageData(0, 0, width, height);
    let differing = 0;
    for (let at = 0; at < one.length; at += 4) {
        const most = Math.max(...[0, 1, 2].map((part) => Math.abs(one[at + part]! - difference.data[at + part]!)));
        if (most <= colorMax) difference.data[at + 3] = 60;
        else {
            differing++;
            difference.data.set([255, 0, 80, 255], at);
        }
    }
    other.putImageData(difference, 0, 0);
    return { small, share: differing / (width * height), difference: await written(other) };
}

test.skipIf(!FAKETIME)(
    "pages look as they are kept",
    async () => {
        const desk = await (await visit(server!)).newPage();
        mkdirSync(PICTURES, { recursive: true });
        mkdirSync(KEPT, { recursive: true });
        const wrong: string[] = [];

        const comparisons: Promise<void>[] = [];

        async function take(page: Page, name: string) {
            const seen = (await page.screenshot({ mask: masked(page), maskColor: "#888888" })).toString("base64");
            // the next page loads meanwhile
            comparisons.push(hold(name, seen));
        }

        /** Holds a picture against what is kept under a name. */
        async function hold(name: string, seen: string) {
            const path = join(KEPT, `${name}.png`);
            const kept = existsSync(path) && !RENEWS ? readFileSync(path).toString("base64") : null;
            const bounds = { widthMax: WIDTH_MAX, coarse: COARSE, colorMax: COLOR_MAX };
            const { small, share, difference } = await desk.evaluate(compare, { kept, seen, ...bounds });
            writeFileSync(join(PICTURES, `${name}.png`), Buffer.from(seen, "base64"));
            if (RENEWS) writeFileSync(path, Buffer.from(small, "base64"));
            else if (!kept) wrong.push(`${name} is not kept: REFRAIN_PICTURES=renew takes it`);
            else if (share > SHARE_MAX) {
                writeFileSync(join(PICTURES, `${name}-difference.png`), Buffer.from(difference, "base64"));
                wrong.push(
                    `${name}: ${(100 * share).toFixed(2)} % differs, see target/pictures/${name}-difference.png`,
                );
            }
        }

        function isComparable(name: string, script: Script): boolean {
            const font = fontOf(script);
            if (font !== FONTS[script])
                console.warn(`${name} is not compared: the font is ${font}, not ${FONTS[script]}`);
            return font === FONTS[script];
        }

        for (const { name, path, themes, isPhone, isRightToLeft, script, act } of looks) {
            if (script && !isComparable(name, script)) continue;
            const page = pages[isPhone ? 1 : 0]!;
            await page.emulateMedia({ colorScheme: themes[0], reducedMotion: "reduce" });
            await page.goto(server!.url + path);
            if (isRightToLeft) await page.evaluate(() => void (document.documentElement.dir = "rtl"));
            await settled(page);
            if (act) {
                await act(page);
                await settled(page);
            }
            for (const theme of themes) {
                await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
                await page.waitForTimeout(100);
                await take(page, `${name}-${theme}`);
            }
        }
        if (isComparable("sign-in", "en")) {
            const door = await (await visit(server!, { colorScheme: "dark" })).newPage();
            await door.goto(`${server!.url}/sign-in`);
            await take(door, "sign-in-dark");
        }
        await Promise.all(comparisons);
        expect(wrong).toEqual([]);
    },
    300_000,
);
