import { expect, test } from "vitest";
import type { Condition } from "../../filter";
import { numberOf, toCall, type Asked } from "./call";

function check(conditions: Condition[], beside: Partial<Asked>, expected: unknown) {
    const asked = { insights: [], handedOff: null, words: "", sort: null, ...beside };
    const filter = { conditions, from: null, to: null, ...beside.filter };
    expect(toCall({ ...asked, filter })).toEqual(expected);
}

const is = (by: string, ...values: (string | null)[]): Condition => ({ by, not: false, values });
const isNot = (by: string, ...values: (string | null)[]): Condition => ({ by, not: true, values });

test("conditions of conversations become members of the query", () => {
    check([], {}, { by: "query", body: { filters: {} } });
    check(
        [is("channel", "web", "sms"), is("language", "de"), is("session.seats", "5"), is("session.beta", "true")],
        { handedOff: true, words: "refund", sort: "created_at", insights: ["i"] },
        {
            by: "query",
            body: {
                filters: { channels: ["web", "sms"], languages: ["de"], custom_data: { seats: 5, beta: true } },
                insight_ids: ["i"],
                handed_off: true,
                words: "refund",
                sort_by: "created_at",
            },
        },
    );
    check(
        [is("contact", "c"), is("team", "t")],
        { filter: { conditions: [is("contact", "c"), is("team", "t")], from: "2026-11-01", to: "2026-11-02" } },
        {
            by: "query",
            body: {
                filters: { contact_ids: ["c"], team_ids: ["t"], date_from: "2026-11-01", date_to: "2026-11-02" },
            },
        },
    );
});

test("an exclusion of what each conversation has one of becomes all others", () => {
    check(
        [isNot("session_status", "open")],
        {},
        { by: "query", body: { filters: { statuses: ["closed_resolved", "closed_unresolved"] } } },
    );
    // no feeling is known of some
    check([isNot("sentiment", "angry")], {}, { by: "none", left: [isNot("sentiment", "angry")] });
});

test("what no call takes is said", () => {
    const version = is("session.version", "1", "2");
    check([is("channel", "web"), version], {}, { by: "none", left: [version] });
    check([is("language", null)], {}, { by: "none", left: [is("language", null)] });
    check(
        [is("contact.plan", "pro")],
        { words: "a", insights: ["i"] },
        { by: "none", left: [is("contact.plan", "pro")] },
    );
});

test("the list of an insight takes more of custom data", () => {
    check(
        [is("contact.plan", "pro"), is("channel", "web"), is("team", "t")],
        { insights: ["i"] },
        { by: "insight", id: "i", filter: { contactCustomData: [{ plan: "pro" }], channel: "web" } },
    );
    check(
        [is("contact.plan", "pro"), is("channel", "web", "sms")],
        { insights: ["i"] },
        {
            by: "none",
            left: [is("contact.plan", "pro")],
        },
    );
});

test("a number is one behind a #", () => {
    expect(numberOf(" #123 ")).toBe(123);
    expect(numberOf("123")).toBeNull();
    expect(numberOf("#12 refund")).toBeNull();
});
