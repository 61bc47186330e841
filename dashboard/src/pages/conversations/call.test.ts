import { expect, test } from "vitest";
import { numberOf, toQuery } from "./call";

const nothing = { insights: [], handedOff: null, words: "", sort: null };
const channel = { by: "channel", not: true, values: ["web", "sms"] };
const team = { by: "team", not: false, values: ["t"] };

test("what is asked for is the slice of the filter, and what else a list can be asked for", () => {
    const filter = { conditions: [channel, team], from: "2026-11-01", to: null };
    expect(toQuery({ ...nothing, filter: { conditions: [], from: null, to: null } })).toEqual({});
    expect(toQuery({ ...nothing, filter, words: "refund", sort: "created_at", handedOff: false })).toEqual({
        filter: { teamId: ["t"], sessionFromDate: "2026-11-01", not: { channel: ["web", "sms"] } },
        handed_off: false,
        words: "refund",
        sort_by: "created_at",
    });
    // an insight that is named need not be looked for
    expect(toQuery({ ...nothing, filter, insights: ["i"] })).toEqual({
        filter: { sessionFromDate: "2026-11-01", not: { channel: ["web", "sms"] } },
        insight_ids: ["i"],
    });
});

test("a number is one behind a #", () => {
    expect(numberOf(" #123 ")).toBe(123);
    expect(numberOf("123")).toBeNull();
    expect(numberOf("#12 refund")).toBeNull();
});
