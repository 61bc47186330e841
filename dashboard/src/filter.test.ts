import { expect, test } from "vitest";
import { fromInput, ofSessions, readFilter, toInput, withInsights, writeFilter, type Filter } from "./filter";

const channel = { by: "channel", not: false, values: ["whatsapp", "email"] };
const team = { by: "team", not: false, values: ["1", null] };

const FILTERS: Filter[] = [
    { conditions: [], from: null, to: null },
    { conditions: [channel, team], from: "2026-11-01", to: "2026-11-07" },
    { conditions: [{ by: "language", not: true, values: ["de", null] }], from: null, to: "2026-11-07" },
    { conditions: [{ by: "category", not: false, values: ["a, b", "~", "back\\slash", "ü,"] }], from: null, to: null },
    { conditions: [{ by: "session.app version", not: false, values: ["5.1.3", "a,b"] }], from: null, to: null },
    { conditions: [{ by: "min_sessions", not: false, values: ["7"] }], from: null, to: null },
];

test("an address has the whole filter, and what else it has stays", () => {
    for (const filter of FILTERS) {
        const params = writeFilter(filter, new URLSearchParams("sort=rise&channel=web&from=2020-01-01"));
        expect(params.get("sort")).toBe("rise");
        // as it is after it was typed into an address
        expect(readFilter(new URLSearchParams(params.toString()))).toEqual(filter);
    }
});

test("a filter that the API keeps comes back as it was", () => {
    for (const filter of FILTERS) {
        expect(fromInput(JSON.parse(JSON.stringify(toInput(filter))))).toEqual(filter);
    }
});

test("of several keys of custom data each combination is asked for, and each exclusion by itself", () => {
    const is = (not: boolean) => [
        { by: "contact.plan", not, values: ["pro", "free"] },
        { by: "contact.vip", not, values: ["true"] },
    ];
    expect(toInput({ conditions: is(false), from: null, to: null })).toEqual({
        contactCustomData: [
            { plan: "pro", vip: "true" },
            { plan: "free", vip: "true" },
        ],
    });
    expect(toInput({ conditions: is(true), from: null, to: null })).toEqual({
        not: { contactCustomData: [{ plan: "pro" }, { plan: "free" }, { vip: "true" }] },
    });
});

test("what is asked of insights is set aside and put back", () => {
    const filter = { conditions: [team, channel], from: null, to: null };
    expect(ofSessions(filter).conditions).toEqual([channel]);
    expect(withInsights(ofSessions(filter), filter)).toEqual(filter);
});
