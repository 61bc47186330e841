import { expect, test, vi } from "vitest";
import { nearness } from "./archive";
import { archivedDays, happened, largestParts, whyMoved, type InsightEvent } from "./happened";

vi.stubGlobal("document", { documentElement: { dataset: { locale: "en-GB" } } });
vi.setSystemTime("2026-11-27T12:00:00Z");

type Insight = Parameters<typeof whyMoved>[0];
type Row = NonNullable<Parameters<typeof whyMoved>[1]>;
const insight = {
    archived_at: null,
    archived_by: null,
    resolved_at: null,
    resolved_by: null,
    resurface_progress: null,
    first_seen_at: "2026-09-01T10:00:00Z",
} as unknown as Insight;
const row = (kinds: Row["movement"][number]["kind"][]) =>
    ({
        people: 25,
        movement: kinds.map((kind) => ({ kind, since: "2026-11-22T10:00:00Z" })),
        change: { recent: { people: 10, days: 14 }, before: { people: 40, days: 14 }, ratio: 0.25 },
    }) as unknown as Row;
const event = (kind: string, detail: unknown, at = "2026-11-17T08:00:00Z") =>
    ({ id: "1", kind, at, by: null, operation_id: null, detail }) as unknown as InsightEvent;
const names = { team: () => "Cards", category: () => "no category" };

const back = event("resurfaced", {
    policy: "until_escalating",
    archived_at: "2026-11-05T08:00:00Z",
    numbers: { days: [{ date: "2026-11-17", seen: 15, expected: 1.96, evidence: 1 }] },
    cause: {
        days: 12,
        seen: 30,
        usual: 18.6,
        traffic: 0.89,
        only_traffic: false,
        by: [
            {
                dimension: "channel",
                parts: [
                    { value: "whatsapp", rise: 8.3 },
                    { value: "others", rise: 9 },
                ],
            },
            { dimension: "team", parts: [{ value: "Cards", rise: 11.4 }] },
            {
                dimension: "contact.plan",
                parts: [
                    { value: "Plus", rise: 10.1 },
                    { value: "Free", rise: 0.2 },
                ],
            },
        ],
    },
});

test("what came back says why, and what the rise is made of", () => {
    const why = whyMoved(insight, row(["escalating", "back"]), [back]);
    expect(why?.head).toBe("Came back on 17 Nov.");
    expect(why?.text).toBe(
        "15 people said it that day, where a quiet day brings 2.0. In the 12 days after it was archived 30 sessions came " +
            "where 19 were usual, while all else was 0.9 times as much: not just traffic.",
    );
    expect(why?.parts.map(({ value }) => value)).toEqual(["Plus", "whatsapp"]);
    expect(why?.rise).toBeCloseTo(11.4);
    expect(
        largestParts({ ...(back.detail as never as { cause: Parameters<typeof largestParts>[0] }).cause, by: [] }),
    ).toEqual([]);
});

test("each movement has its sentence", () => {
    const rise = event("escalating", { seen: 29, since: "2026-11-10", usual: 19.8 });
    expect(whyMoved(insight, row(["escalating"]), [rise])?.text).toBe(
        "29 people said it in the 14 days to 17 Nov, where 20 were usual.",
    );
    const again = event("regressed", {
        resolved_at: "2026-11-15T10:00:00Z",
        first_seen_again_at: "2026-11-16T10:00:00Z",
        sessions_since: 1,
    });
    expect(whyMoved(insight, row(["regressed"]), [again])?.text).toContain("seen again on 16 Nov: 1 session since");
    expect(whyMoved(insight, row(["new"]), [])?.head).toBe("New since 22 Nov.");
    expect(whyMoved(insight, row(["falling"]), [])?.text).toContain("75% less a day");
    expect(whyMoved(insight, row([]), [])).toBeNull();
});

test("what is archived says how near it is to coming back", () => {
    const archived = {
        ...insight,
        archived_at: "2026-11-06T10:00:00Z",
        archived_by: { name: "Mira", avatar_url: null, reason: "known" },
        archive_policy: "until_escalating",
        resurface_progress: { current: 3, target: 17 },
    } as Insight;
    expect(nearness(archived)).toBe("Back at 17 a day · 3 today");
    expect(whyMoved(archived, undefined, [])?.text).toBe(
        "by Mira until it escalates: “known”. Back at 17 a day · 3 today.",
    );
    expect(nearness({ ...archived, archive_policy: "until_count" })).toBe("Back at 17 more · 3 so far");
});

test("each kind of event has its sentence", () => {
    expect(happened(event("archived", { policy: "until_count", target: 40, reason: null }), names)).toBe(
        "archived it until 40 more",
    );
    expect(happened(event("regrouped", { gained: 3, lost: 11, from: [], to: [] }), names)).toBe(
        "grouped anew: 3 sessions came, 11 went",
    );
    const side = { content: "a", team_id: null, category_id: null };
    expect(happened(event("edited", { before: side, after: { ...side, content: "b", team_id: "1" } }), names)).toBe(
        "changed “a” to “b”, assigned it to Cards",
    );
    expect(happened(event("resolved", { because: "merged" }), names)).toBe("resolved it, as what was merged was");
    expect(happened(event("resolved", null), names)).toBe("resolved it");
});

test("archived time goes from event to event", () => {
    const at = (kind: string, day: string) => ({ kind, at: `${day}T12:00:00Z` });
    const from = "2026-10-01";
    expect(archivedDays([at("archived", "2026-11-05"), at("resurfaced", "2026-11-17")], false, from)).toEqual([
        { from: "2026-11-05", to: "2026-11-17" },
    ]);
    expect(archivedDays([at("restored", "2026-10-09")], false, from)).toEqual([{ from, to: "2026-10-09" }]);
    expect(archivedDays([], true, from)).toEqual([{ from, to: null }]);
    expect(archivedDays([], false, from)).toEqual([]);
});
