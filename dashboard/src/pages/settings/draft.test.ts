import { expect, test } from "vitest";
import type { Schema } from "../../api/client";
import { backFrom, wrongBy } from "./draft.svelte";

const saved: Schema<"Settings"> = {
    name: "Northbank",
    time_zone: "UTC",
    language: "en",
    granularity: "balanced",
    contacts_min: 3,
    escalation_sensitivity: "normal",
    escalation_basis: "share",
    escalation_returns_week: null,
    regress: true,
    regress_grace_days: 7,
    retention_days: null,
    ticket_links: [],
    language_model_url: null,
    language_model: null,
    language_model_has_key: false,
    own: ["name", "regress_grace_days"],
};

test("what the organization had set is set back, the rest is as the server says", () => {
    const back = backFrom({ name: "Other", time_zone: "Europe/London", regress_grace_days: 0 }, saved);
    expect(back).toEqual({ name: "Northbank", time_zone: null, regress_grace_days: 7 });
});

test("a key that nobody can show cannot be set back", () => {
    const own = ["language_model_url"];
    expect(backFrom({ language_model_url: "https://x.example" }, { ...saved, language_model_has_key: true, own })).toBe(
        null,
    );
});

test("a message goes beside its setting", () => {
    expect(wrongBy("time_zone: expected a name", { time_zone: "x" })).toEqual({ time_zone: "expected a name" });
    expect(wrongBy("too large: a body", {})).toEqual({ "": "too large: a body" });
});
