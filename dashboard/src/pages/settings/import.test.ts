import { expect, test } from "vitest";
import type { Schema } from "../../api/client";
import { formOf, NO_OPTIONS, plainReason, questionsOf } from "./import";

function preview(...reasons: string[]): Schema<"ImportPreview"> {
    const kinds = reasons.map((reason) => ({ count: 1, first: { file: "a.csv", line: 1, reason }, places: [] }));
    const none = { count: 0, faults: [], kinds: [] };
    return { conversations: 0, files: [], columns: [], first: [], errors: { ...none, kinds }, notes: none };
}

test("what errors ask for is asked", () => {
    const dates = questionsOf(preview("created_at: day or month first? Say --dates dmy or --dates mdy"));
    expect(dates).toEqual({ dates: true, me: false, roles: [], columns: [] });
    const role = 'role "gremlin": nobody that is known; its turns are kept as nobody\'s (--role WORD=contact, agent)';
    expect(questionsOf(preview(role)).roles).toEqual(["gremlin"]);
    const seen =
        'line 1: no column with a text; columns seen: "Foo", "Bar, baz"; say which it is, as in --map text=COLUMN';
    expect(questionsOf(preview(seen)).columns).toEqual(["Foo", "Bar, baz"]);
});

test("flags of the command line are not shown", () => {
    expect(plainReason("created_at: day or month first? Say --dates dmy or --dates mdy")).toBe(
        "created_at: day or month first?",
    );
    expect(plainReason('role "x": nobody that is known; its turns are kept (--role WORD=contact)')).toBe(
        'role "x": nobody that is known; its turns are kept',
    );
});

test("options stand before the file, columns as TOML", () => {
    const file = new File(["x"], "a.csv");
    const options = {
        ...NO_OPTIONS,
        columns: { text: 'Say "it"', "contact.email": "Mail" },
        roles: { owner: "agent" },
    };
    const form = formOf(file, options, true);
    expect([...form.keys()]).toEqual(["dry_run", "source", "role", "map", "file"]);
    expect(form.get("map")).toBe('"text" = "Say \\"it\\""\n"contact.email" = "Mail"\n');
});
