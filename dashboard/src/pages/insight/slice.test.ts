import { expect, test, vi } from "vitest";

vi.mock("../../address.svelte", () => ({ to: (path: string, params: URLSearchParams) => `/app${path}?${params}` }));
const { conversations, excluding, narrowed, ofSessions, sessionsAsked, withInsights } = await import("./slice");

const none = { conditions: [], from: null, to: null };
const channel = { by: "channel", not: false, values: ["whatsapp", "email"] };
const team = { by: "team", not: false, values: ["1"] };

test("narrowing asks for one value, excluding for none of some", () => {
    const filter = { ...none, conditions: [channel] };
    expect(narrowed(filter, "channel", "email").conditions).toEqual([{ by: "channel", not: false, values: ["email"] }]);
    const once = excluding(filter, "language", "en");
    expect(excluding(once, "language", null).conditions).toEqual([
        channel,
        { by: "language", not: true, values: ["en", null] },
    ]);
});

test("what is asked of insights is set aside and put back", () => {
    const filter = { ...none, conditions: [team, channel] };
    expect(ofSessions(filter).conditions).toEqual([channel]);
    expect(withInsights(ofSessions(filter), filter)).toEqual(filter);
});

test("a number opens the conversations of its insight and slice", () => {
    expect(conversations("7", { ...none, conditions: [channel], from: "2026-11-01" })).toBe(
        "/app/conversations?channel=whatsapp%2Cemail&from=2026-11-01&insight=7",
    );
});

test("the server is asked for what it can tell, the rest is looked at in each session", () => {
    const custom = { by: "session.plan", not: false, values: ["pro", "free"] };
    const one = sessionsAsked({
        ...none,
        conditions: [narrowed(none, "channel", "email").conditions[0]!, custom],
        to: "2026-11-02",
    });
    expect(one.input).toEqual({
        channel: "email",
        ticketCustomData: [{ plan: "pro" }, { plan: "free" }],
        sessionToDate: "2026-11-02",
    });
    expect(one.isWhole).toBe(true);
    const several = sessionsAsked({
        ...none,
        conditions: [channel, { by: "language", not: true, values: ["en", null] }],
    });
    const session = { channel: "email", language: "de" } as Parameters<typeof several.meets>[0];
    expect(several.input).toEqual({});
    expect(several.meets(session)).toBe(true);
    expect(several.meets({ ...session, language: null })).toBe(false);
    expect(several.meets({ ...session, channel: "web" })).toBe(false);
    expect(several.isWhole).toBe(false);
    expect(sessionsAsked({ ...none, conditions: [{ ...custom, not: true }] }).untold).toHaveLength(1);
});
