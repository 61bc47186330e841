import { expect, test } from "vitest";
import { labeled, lines } from "./scale";

test("lines stand at round numbers and reach what is shown", () => {
    expect(lines(15, true)).toEqual([0, 4, 8, 12, 16]);
    expect(lines(3, true)).toEqual([0, 1, 2, 3]);
    expect(lines(0, true)).toEqual([0, 1]);
    expect(lines(0.18, false)).toEqual([0, 0.05, 0.1, 0.15, 0.2]);
    expect(lines(0.0007, false)).toEqual([0, 0.0002, 0.0004, 0.0006, 0.0008]);
    expect(lines(1234, true).at(-1)).toBeGreaterThanOrEqual(1234);
    for (let most = 1; most < 500; most++) expect(lines(most, true).length).toBeLessThanOrEqual(5);
});

test("labels stand at Mondays where there is no room for each day", () => {
    const days = Array.from({ length: 30 }, (_, at) => new Date(Date.UTC(2026, 9, 28 + at)).toISOString().slice(0, 10));
    expect(labeled(days, 14, 64).map((at) => days[at])).toEqual([
        "2026-11-02",
        "2026-11-09",
        "2026-11-16",
        "2026-11-23",
    ]);
    expect(labeled(days.slice(0, 4), 80, 64)).toEqual([0, 1, 2, 3]);
    const weeks = ["2026-10-19", "2026-10-26", "2026-11-02", "2026-11-09"];
    expect(labeled(weeks, 40, 64)).toHaveLength(2);
    expect(labeled([], 10, 64)).toEqual([]);
});
