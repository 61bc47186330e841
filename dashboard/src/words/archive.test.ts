import { expect, test, vi } from "vitest";
import { backAfter, escalates } from "./archive";

vi.stubGlobal("document", { documentElement: { dataset: { locale: "en-GB" } } });

const preview = { baseline_days: 56, usual_a_day: 3.2, today: 1 } as Parameters<typeof escalates>[0];
const measured = (twice: number | null, thrice: number | null) => ({
    target: 23,
    threshold: 1825,
    false_returns_year: 0.2,
    would_have_returned_on: null,
    days_until: [
        { growth: 2, days: twice },
        { growth: 3, days: thrice },
    ],
});

test("what brings an insight back is said in figures", () => {
    expect(escalates(preview, measured(9, 3))).toBe(
        "Comes back when clearly more people a day say it than in the 56 days before: 3.2. Twice as many bring it back " +
            "in about 9 days, three times as many in about 3, or 23 people today alone. Today it was 1.",
    );
    expect(escalates(preview, measured(null, 40))).toContain(
        "Three times as many bring it back in about 40 days, or 23",
    );
    expect(escalates(preview, measured(null, null))).toContain("So many in one day do: 23 people today alone.");
});

test("a count says how long it takes", () => {
    const by = { a_day: 2, counted: "sessions" as const, target: 40, would_have_returned_on: null };
    expect(backAfter({ ...by, reached_on: "2026-12-17" }, "2026-11-27")).toMatch(/^40 more take about 20 days, until /);
    expect(backAfter({ ...by, reached_on: "2027-01-17" }, "2026-11-27")).toContain("7 weeks");
    expect(backAfter({ ...by, counted: "contacts", reached_on: null })).toBe(
        "40 different people take more than a year.",
    );
});
