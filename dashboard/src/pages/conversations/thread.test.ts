import { expect, test } from "vitest";
import { beginsDay, countedFor, dress, eventWords, uncover, type Item, type Statement } from "./thread";

function statement(start: number, end: number, insights: [string, number][] = []): Statement {
    return {
        message_id: "m",
        place: { start, end },
        text: "",
        language: "en",
        sentiment: "neutral",
        nearest: null,
        insights: insights.map(([id, score]) => ({
            id,
            score,
            content: id,
            insight_number: 1,
            decided: null,
            provisional: false,
            rival: null,
        })),
    };
}

const mask = (start: number, end: number, kind = "phone") => ({ message_id: "m", place: { start, end }, kind });

function check(text: string, statements: Statement[], masks: ReturnType<typeof mask>[], expected: string) {
    const written = dress(text, statements, masks).map(({ statement, pieces }) => {
        const inner = pieces.map(({ text, mask }) => (mask ? `<${mask}>` : text)).join("");
        return statement ? `{${inner}}` : inner;
    });
    expect(written.join("")).toBe(expected);
}

test("a text is cut by code points", () => {
    check("😀 call [phone] 👍🏽 bye", [statement(2, 17)], [mask(7, 14)], "😀 {call <phone> 👍🏽} bye");
    check("plain", [], [], "plain");
    check("", [statement(0, 4)], [mask(0, 3)], "");
});

test("a mask may lie at the edge of a statement or across it", () => {
    check("[name] lost it", [statement(0, 14)], [mask(0, 6, "name")], "{<name> lost it}");
    check("ab [name] cd", [statement(0, 5)], [mask(3, 9, "name")], "{ab <name>}<name> cd");
});

test("statements that overlap do not repeat a text", () => {
    check("abcdef", [statement(0, 4), statement(2, 6)], [], "{abcd}{ef}");
    check("abcdef", [{ ...statement(0, 3), place: null }], [], "abcdef");
});

test("places are found again in what was said", () => {
    const masked = "😀 call [phone] or [email], today";
    const said = "😀 call 030 1234 or a@example.com, today";
    const masks = [mask(7, 14), mask(18, 25, "email")];
    const [moved] = uncover(masked, said, masks, [statement(2, 32)])!;
    expect(Array.from(said).slice(moved!.place!.start, moved!.place!.end).join("")).toBe(
        "call 030 1234 or a@example.com, today",
    );
    const places = uncover(masked, said, masks, masks)!.map(({ place }) =>
        Array.from(said).slice(place.start, place.end).join(""),
    );
    expect(places).toEqual(["030 1234", "a@example.com"]);
    expect(uncover(masked, "something else", masks, masks)).toBeNull();
    expect(uncover("same", "same", [], [statement(0, 4)])).toEqual([statement(0, 4)]);
});

test("an insight has its nearest statement", () => {
    const statements = [
        statement(0, 1, [["a", 0.6]]),
        statement(1, 2, [
            ["a", 0.8],
            ["b", 0.9],
        ]),
    ];
    expect(
        countedFor(statements).map(({ insight, statement }) => [insight.id, insight.score, statement.place!.start]),
    ).toEqual([
        ["b", 0.9, 1],
        ["a", 0.8, 1],
    ]);
});

test("days begin and events are told", () => {
    const item = (created_at: string | null, type = "message", context = {}): Item => ({
        id: "i",
        created_at,
        event: { type, context },
    });
    expect(beginsDay(item("2026-11-22T10:00:00Z"), undefined)).toBe(true);
    expect(beginsDay(item("2026-11-22T10:00:00Z"), item("2026-11-22T09:00:00Z"))).toBe(false);
    expect(beginsDay(item("2026-11-22T00:01:00Z"), item("2026-11-21T23:59:00Z"))).toBe(true);
    expect(beginsDay(item(null), undefined)).toBe(false);
    const said = "\u2068أريد شخصا. – \u2068It is on its way.\u2069\u2069";
    expect(eventWords(item(null, "handoff"), "أريد شخصا. – It is on its way.")).toBe(
        `Handed off to a person: “${said}”`,
    );
    expect(eventWords(item(null, "tag_added_by_api", { tag_name: "vip" }), undefined)).toBe("Tag vip added");
    expect(eventWords(item(null, "some_new_event"), undefined)).toBe("some new event");
});
