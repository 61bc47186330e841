import { expect, test, vi } from "vitest";

vi.mock("../../insight_decisions", () => ({ statusOf: () => "unresolved" }));
vi.mock("../../api/client", () => ({}));
const { csvOf } = await import("./csv");

test("a list is written for a spreadsheet, and what could begin a formula does not", () => {
    const row = (content: string) =>
        ({
            insight: { insight_number: 7, content, category: null, team: { name: "-Team" }, first_seen_at: "a" },
            movement: [{ kind: "new" }, { kind: "escalating" }],
            change: { recent: { people: 3 }, before: { people: 0 } },
            sessions: 12,
            share: 0.25,
        }) as never;
    const lines = csvOf([row('says "no",\nand =goes'), row("=1+1"), row(" @SUM(1)")]).split("\r\n");
    expect(lines[0]).toMatch(/^\u{feff}number,insight,status,movement/u);
    expect(lines[1]).toContain('7,"says ""no"",\nand =goes","unresolved","new escalating",,"\'-Team",12,0.25,');
    expect(lines[2]).toContain('7,"\'=1+1"');
    expect(lines[3]).toContain('7,"\' @SUM(1)"');
    expect(lines).toHaveLength(5);
});
