import { expect, test } from "vitest";
import { cut, shorten, unescaped } from "./texts";

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

test("what keeps Markdown from reading signs is not shown", () => {
    expect(unescaped("phone\\_voice \\[x\\] a\\b")).toBe("phone_voice [x] a\\b");
});
