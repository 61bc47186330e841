import { expect, test } from "vitest";
import { erred, madeOf } from "./audit";

const wrong = [
    { id: "1", same: false, insights: [3, 3], texts: ["a", "b"] },
    { id: "2", same: false, insights: [3, 3], texts: ["c", "d"] },
    { id: "3", same: true, insights: [6, 2], texts: ["e", "f"] },
    { id: "4", same: true, insights: [2, 6], texts: ["g", "h"] },
    { id: "5", same: true, insights: [null, 6], texts: ["i", "j"] },
];

test("wrong pairs are counted by what to split and what to merge", () => {
    expect(erred(wrong)).toEqual({
        split: [{ insights: [3], pairs: 2 }],
        merge: [{ insights: [2, 6], pairs: 2 }],
    });
});

test("what the grouping made of a judged pair", () => {
    const pair = (first: string, second: string, answer: "same" | "different" | "unsure") => ({
        first,
        second,
        answer,
    });
    expect(madeOf(pair("a", "b", "different"), wrong)).toEqual({
        says: "in one insight, #3",
        wrong: true,
        insights: [3],
    });
    expect(madeOf(pair("e", "f", "same"), wrong)?.says).toBe("in #6 and #2");
    expect(madeOf(pair("i", "j", "same"), wrong)?.says).toBe("one in no insight");
    expect(madeOf(pair("x", "y", "same"), wrong)).toEqual({ says: "in one insight", wrong: false, insights: [] });
    expect(madeOf(pair("x", "y", "unsure"), wrong)).toBe(null);
});
