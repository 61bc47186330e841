/** The colors can be told from what they stand on (WCAG 2.2, 1.4.3 and 1.4.11), and feelings from each other by color-blind eyes. */

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

type Color = [number, number, number];

const CSS = readFileSync(new URL("tokens.css", import.meta.url), "utf8");

function tokensOf(theme: "light" | "dark"): Record<string, Color> {
    const found: Record<string, Color> = {};
    for (const [, name, ...colors] of CSS.matchAll(/--(\w+): light-dark\(#(\w{6}), #(\w{6})\)/g)) {
        const hex = colors[theme === "light" ? 0 : 1]!;
        found[name!] = [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255) as Color;
    }
    return found;
}

const linear = (color: Color) =>
    color.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)) as Color;
const times = (rows: Color[], color: Color) =>
    rows.map((row) => row.reduce((sum, factor, at) => sum + factor * color[at]!, 0)) as Color;

function luminance(color: Color): number {
    const [red, green, blue] = linear(color);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: Color, other: Color): number {
    const [lighter, darker] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number];
    return (lighter + 0.05) / (darker + 0.05);
}

const GROUNDS = ["canvas", "surface", "raised", "sunken", "hover", "selected", "here", "bubble"];

/** What is read, and on what: 4.5 to 1. */
const READ: [string, string[]][] = [
    ["text", [...GROUNDS, "hl", "avatar", "hotwash", "warnbg"]],
    ["text2", GROUNDS],
    ["text3", ["canvas", "surface", "raised", "sunken", "hover", "selected"]],
    ["accent", ["surface", "raised", "hover"]],
    ["onfill", ["fill"]],
    ...["hot", "warn", "info", "calm", "mute"].map((name): [string, string[]] => [name, [`${name}bg`, "surface"]]),
    ["hot", ["hotwash", "raised"]],
];

/** What is seen, and on what: 3 to 1. */
const SEEN: [string, string[]][] = [
    ["control", ["surface", "raised"]],
    ["ring", ["canvas", "surface", "raised", "hover", "selected"]],
    ...["angry", "neutral", "happy", "bar", "barhot", "mark", "line1", "line2", "line3", "line4"].map(
        (name): [string, string[]] => [name, ["surface"]],
    ),
];

/** How color-blind eyes see linear red, green and blue (Machado, Oliveira and Fernandes 2009, full severity). */
const EYES: Record<string, Color[]> = {
    protan: [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    deutan: [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.01182, 0.04294, 0.968881],
    ],
    tritan: [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.3039],
    ],
};

/** Returns a linear color in CIELAB, seen by daylight (D65). */
function lab(color: Color): Color {
    const clipped = color.map((part) => Math.min(1, Math.max(0, part))) as Color;
    const xyz = times(
        [
            [0.4124564, 0.3575761, 0.1804375],
            [0.2126729, 0.7151522, 0.072175],
            [0.0193339, 0.119192, 0.9503041],
        ],
        clipped,
    );
    const [x, y, z] = xyz.map((value, at) => {
        const share = value / [0.95047, 1, 1.08883][at]!;
        return share > 216 / 24_389 ? Math.cbrt(share) : ((24_389 / 27) * share + 16) / 116;
    }) as Color;
    return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

const distance = (one: Color, other: Color) => Math.hypot(...lab(one).map((part, at) => part - lab(other)[at]!));

describe.each(["light", "dark"] as const)("%s", (theme) => {
    const tokens = tokensOf(theme);
    const low = (pairs: [string, string[]][], least: number) =>
        pairs.flatMap(([name, grounds]) =>
            grounds.flatMap((ground) => {
                const reached = contrast(tokens[name]!, tokens[ground]!);
                return reached < least ? [`${name} on ${ground}: ${reached.toFixed(2)}`] : [];
            }),
        );

    test("what is read has 4.5 to 1", () => expect(low(READ, 4.5)).toEqual([]));
    test("what is seen has 3 to 1", () => expect(low(SEEN, 3)).toEqual([]));
    test.each(Object.keys(EYES))("feelings differ by 30 for %s eyes", (eyes) => {
        const [angry, neutral, happy] = ["angry", "neutral", "happy"].map((name) =>
            times(EYES[eyes]!, linear(tokens[name]!)),
        ) as [Color, Color, Color];
        for (const [one, other] of [
            [angry, neutral],
            [neutral, happy],
            [angry, happy],
        ] as const)
            expect(distance(one, other)).toBeGreaterThan(30);
    });
});
