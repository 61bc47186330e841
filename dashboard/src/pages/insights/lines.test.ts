import { expect, test } from "vitest";
import { Elements, Lines, Places, type Grouping, type Line, type Row } from "./lines";

function row(id: string, ...kinds: string[]): Row {
    const insight = { id, category: null, team: null, archived_at: null, resolved_at: null };
    return { insight, movement: kinds.map((kind) => ({ kind, since: "" })) } as unknown as Row;
}

type Group = { value: string | null; name: string | null; insights: number };

const page = (items: Row[], groups: Group[] = []) => ({ items, groups });

const linesOf = (rows: Row[], grouping: Grouping, groups: Group[], isWhole: boolean) =>
    new Lines().of([page(rows, groups)], grouping, isWhole).lines;

const shown = (lines: Line[]) =>
    lines.map((line) => (line.kind === "row" ? line.key : `${line.name} ${line.insights}`));

test("what moves has a heading of its own, and a group is counted once its end is known", () => {
    const rows = [row("a", "escalating"), row("b", "back", "falling"), row("c", "falling"), row("d")];
    expect(shown(linesOf(rows, "movement", [], true))).toEqual([
        "Moving 2",
        "a",
        "b",
        "Falling 1",
        "c",
        "Steady 1",
        "d",
    ]);
    expect(shown(linesOf(rows, "movement", [], false)).at(-2)).toBe("Steady null");
    expect(shown(linesOf(rows, "none", [], true))).toEqual(["a", "b", "c", "d"]);
    const counted = [{ value: null, name: null, insights: 70 }];
    expect(shown(linesOf(rows, "team", counted, false))[0]).toBe("No team 70");
    const themes = [{ value: "t", name: "Card, arrive", insights: 3 }];
    const under = { ...row("e"), theme_id: "t" };
    expect(shown(linesOf([under, row("f")], "theme", themes, true))).toEqual([
        "Card, arrive 3",
        "e",
        "No theme 1",
        "f",
    ]);
});

test("pages that come one by one make the lines of all of them together", () => {
    const lines = new Lines();
    // a plain generator, so that a failure is the same one again
    let seed = 7;
    const random = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below;
    let pages: ReturnType<typeof page>[] = [];
    let next = 0;
    let grouping: Grouping = "movement";
    for (let step = 0; step < 400; step++) {
        const what = random(10);
        if (what === 0) pages = [];
        // a row that was loaded is decided on: its page is another one
        else if (what === 1 && pages.length) {
            const [at, { items }] = [random(pages.length), pages[0]!];
            pages = pages.with(at, page(pages[at]!.items.with(0, row(items[0]!.insight.id, "back"))));
        } else if (what === 2) grouping = (["movement", "none", "team"] as const)[random(3)]!;
        else {
            const kinds = () => [["new"], ["falling"], []][random(3)]!;
            const items = Array.from({ length: 1 + random(5) }, () => row(String(next++), ...kinds()));
            // now and then one that is loaded already
            pages = [
                ...pages,
                page(random(6) || !pages.length ? items : [...items, row(pages[0]!.items[0]!.insight.id)]),
            ];
        }
        const isWhole = random(2) === 0;
        const { lines: made, byId } = lines.of(pages, grouping, isWhole);
        const all = new Map(pages.flatMap(({ items }) => items.map((row) => [row.insight.id, row])));
        expect(made).toEqual(linesOf([...all.values()], grouping, [], isWhole));
        expect([...byId]).toEqual([...all]);
    }
});

test("only the lines between two heights are drawn, whatever the scroll", () => {
    const rows = Array.from({ length: 20_000 }, (_, at) => row(String(at), ...(at < 9 ? ["new"] : [])));
    const lines = linesOf(rows, "movement", [], true);
    const places = new Places(lines, (line) => (line.kind === "row" ? 44 : 34));
    expect(places.height).toBe(20_000 * 44 + 2 * 34);
    for (const top of [0, 1, 43, 44, 45, 9 * 44 + 34, 123_456, places.height - 900]) {
        const [first, behind] = places.between(top, top + 900);
        // a plain scan says the same
        const seen = lines.flatMap((_, at) =>
            places.tops[at + 1]! > top && places.tops[at]! <= top + 900 ? [at] : [],
        );
        expect([first, behind]).toEqual([seen[0], seen.at(-1)! + 1]);
        expect(behind - first).toBeLessThan(25);
    }
});

test("a line that stays keeps its element, and one that enters takes that of one that left", () => {
    const lines = linesOf(
        [..."abcdefgh"].map((id) => row(id)),
        "none",
        [],
        true,
    );
    const elements = new Elements();
    const draw = (lines: Line[]) =>
        elements.draw(
            lines,
            lines.map((_, at) => 44 * at),
        );
    const of = (lines: Line[]) => draw(lines).map(({ element }) => element);
    expect(of(lines.slice(0, 4))).toEqual([0, 1, 2, 3]);
    // the first row was decided on
    expect(of(lines.slice(1, 5))).toEqual([1, 2, 3, 0]);
    // scrolled on, and back
    expect(of(lines.slice(3, 7))).toEqual([3, 0, 1, 2]);
    expect(of(lines.slice(2, 6))).toEqual([2, 3, 0, 1]);
    // all others: nothing changes its place
    expect(of([lines[0]!, lines[1]!, lines[6]!, lines[7]!])).toEqual([2, 3, 0, 1]);
    const [first, second] = draw(lines.slice(0, 2));
    const [same, moved] = draw([lines[0]!, lines[2]!, lines[1]!]).filter(({ line }) => line !== lines[2]);
    expect(same).toBe(first);
    expect(moved).toEqual({ ...second, upper: 88 });
    // few, and more again
    expect(new Set(of(lines)).size).toBe(lines.length);
    of(lines.slice(6));
    expect(new Set(of(lines.slice(2))).size).toBe(6);
    // one that is there twice has two
    expect(new Set(of([lines[2]!, lines[2]!])).size).toBe(2);
    expect(of([])).toEqual([]);
});
