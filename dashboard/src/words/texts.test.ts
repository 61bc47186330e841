import { expect, test } from "vitest";
import { cut, isolated, shorten, stretches, unescaped } from "./texts";

test("texts are cut by code points", () => {
    expect(cut("a👍🏽b", [{ start: 1, end: 3 }])).toEqual([
        { text: "a", marked: false },
        { text: "👍🏽", marked: true },
        { text: "b", marked: false },
    ]);
    expect(cut("สวัสดี", [{ start: 4, end: 99 }]).map(({ text }) => text)).toEqual(["สวัส", "ดี"]);
    expect(shorten("  one\n two 👍 ", 9)).toBe("one two 👍");
    expect(shorten("one two three", 8)).toBe("one two…");
});

test("what was answered runs in its own direction", () => {
    expect(isolated("أين طلبي؟ – It is on its way.")).toBe("أين طلبي؟ – \u2068It is on its way.\u2069");
    expect(isolated("Where is it? – يصل غدا – 3 – 5")).toBe(
        "Where is it? – \u2068يصل غدا\u2069 – \u20683\u2069 – \u20685\u2069",
    );
    expect(isolated("Nobody answered.")).toBe("Nobody answered.");
});

test("words without end are cut where nothing is torn apart", () => {
    const check = (text: string, most: number) => {
        const cut = stretches(text);
        expect(cut.join("")).toBe(text);
        expect(cut.length).toBeLessThanOrEqual(most);
        for (const stretch of cut) expect(stretch).not.toMatch(/^[\p{M}\u200d\ufe0f]|[\ud800-\udbff]$/u);
        return Math.max(...cut.map(({ length }) => length));
    };
    expect(check("W".repeat(65_536), 200)).toBe(512);
    expect(check(`see ${"𝒜".repeat(2_000)} there`, 10)).toBe(1_024);
    check(`a${"\u0301".repeat(300)}`.repeat(20), 1);
    check("e\u0301".repeat(900), 1);
    check("👩‍👩‍👧‍👦".repeat(400), 1);
    check("🇩🇪".repeat(900), 1);
    check("a word as all the others ".repeat(900), 1);
    check("", 1);
});

test("what keeps Markdown from reading signs is not shown", () => {
    expect(unescaped("phone\\_voice \\[x\\] a\\b")).toBe("phone_voice [x] a\\b");
});
