import { expect, test, vi } from "vitest";

vi.mock("../../address.svelte", () => ({ to: (path: string, params: URLSearchParams) => `/app${path}?${params}` }));
const { conversations, excluding, narrowed } = await import("./slice");

const none = { conditions: [], from: null, to: null };
const channel = { by: "channel", not: false, values: ["whatsapp", "email"] };

test("narrowing asks for one value, excluding for none of some", () => {
    const filter = { ...none, conditions: [channel] };
    expect(narrowed(filter, "channel", "email").conditions).toEqual([{ by: "channel", not: false, values: ["email"] }]);
    const once = excluding(filter, "language", "en");
    expect(excluding(once, "language", null).conditions).toEqual([
        channel,
        { by: "language", not: true, values: ["en", null] },
    ]);
});

test("a number opens the conversations of its insight and slice", () => {
    expect(conversations("7", { ...none, conditions: [channel], from: "2026-11-01" })).toBe(
        "/app/conversations?channel=whatsapp%2Cemail&from=2026-11-01&insight=7",
    );
});
