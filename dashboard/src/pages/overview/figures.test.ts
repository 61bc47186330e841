import { expect, test, vi } from "vitest";
import type { Condition, Filter } from "../../filter";
import {
    changeOfCount,
    changeOfShare,
    compared,
    firstBefore,
    intervalOf,
    lengthOf,
    meanShares,
    weeksBefore,
} from "./figures";

// numbers are written in the language of the page
vi.stubGlobal("document", { documentElement: { dataset: { locale: "en" } } });

const share = (share: number | null, low = 0, high = 1) => ({ share, low, high, sessions: 0 });
const point = (sessions: number, angry: number) => ({
    date: "2026-11-01",
    sessions,
    angry,
    closed: 0,
    resolved: 0,
    handed_off: 0,
});

test("a change of a share has a tone only beyond chance", () => {
    const check = (now: ReturnType<typeof share>, before: ReturnType<typeof share>, isWorse: boolean) =>
        changeOfShare(now, before, isWorse);
    expect(check(share(0.14, 0.12, 0.16), share(0.12, 0.1, 0.13), true)).toEqual({
        text: "+2.0 points",
        from: "12.0%",
        tone: "",
    });
    expect(check(share(0.2, 0.18, 0.22), share(0.12, 0.1, 0.13), true)?.tone).toBe("hot");
    expect(check(share(0.2, 0.18, 0.22), share(0.12, 0.1, 0.13), false)?.tone).toBe("calm");
    expect(check(share(0.7, 0.68, 0.72), share(0.8, 0.78, 0.82), false)).toMatchObject({
        text: "−10 points",
        tone: "hot",
    });
    expect(check(share(null), share(0.1), true)).toBeNull();
});

test("a change of a count is in percent", () => {
    expect(changeOfCount(110, 100)).toEqual({ text: "+10%", from: "100", tone: "" });
    expect(changeOfCount(100, 100)?.text).toBe("±0%");
    expect(changeOfCount(5, 0)).toBeNull();
});

test("a share is the mean of seven days, with the days before the first", () => {
    const points = [...Array<number>(6).fill(10), 0, 30].map((sessions) => point(sessions, sessions / 10));
    expect(meanShares(points, "angry", 6)).toEqual([0.1, 0.1]);
    expect(meanShares([point(10, 5), point(0, 0)], "angry", 0)).toEqual([0.5, 0.5]);
    expect(meanShares([point(0, 0)], "angry", 0)).toEqual([null]);
    // what is eight days ago does not count
    expect(meanShares([point(10, 10), ...Array.from({ length: 7 }, () => point(10, 0))], "angry", 7)).toEqual([0]);
});

test("the time before begins on the same weekday", () => {
    expect(firstBefore("2026-10-17", "2026-11-27")).toBe("2026-09-05");
    expect(firstBefore("2026-11-25", "2026-11-27")).toBe("2026-11-18");
    expect(firstBefore("2026-11-01", "2026-11-30")).toBe("2026-09-27");
    expect(weeksBefore("2026-10-17", "2026-11-27")).toBeNull();
    expect(weeksBefore("2026-11-25", "2026-11-27")).toBe("A week earlier");
    expect(weeksBefore("2026-11-01", "2026-11-30")).toBe("5 weeks earlier");
});

test("what is compared is another time or other sessions", () => {
    const is: Condition = { by: "channel", not: false, values: ["web"] };
    const filter: Filter = { conditions: [is], from: null, to: null };
    const segment = { ...filter, conditions: [{ ...is, values: ["sms"] }] };
    const check = (against: Parameters<typeof compared>[0], given = filter) =>
        compared(against, given, segment, "2026-11-21", "2026-11-27");
    expect(check("none")).toBeNull();
    expect(check("before")).toEqual({ from: "2026-11-14", filter });
    expect(check("year")).toEqual({ from: "2025-11-22", filter });
    expect(check("segment")).toEqual({ from: "2026-11-21", filter: segment });
    expect(check("all")?.filter.conditions).toEqual([]);
    expect(check("others")?.filter.conditions).toEqual([{ ...is, not: true }]);
    const two = { ...filter, conditions: [is, { by: "language", not: false, values: ["de"] }] };
    expect(check("others", two)?.filter.conditions).toEqual([]);
});

test("a time is told in weeks where it has whole ones", () => {
    expect(lengthOf("2026-11-27", "2026-11-27")).toBe("day");
    expect(lengthOf("2026-11-21", "2026-11-27")).toBe("week");
    expect(lengthOf("2026-10-17", "2026-11-27")).toBe("6 weeks");
    expect(lengthOf("2026-11-01", "2026-11-30")).toBe("30 days");
    expect(intervalOf("2026-10-17", "2026-11-27")).toBe("day");
    expect(intervalOf("2025-11-27", "2026-11-27")).toBe("week");
});
