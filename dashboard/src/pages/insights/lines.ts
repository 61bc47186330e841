/** The lines of the stream: rows under the headings of their groups, and which of them are in sight. */

import type { Schema } from "../../api/client";

/** A row of the stream. */
export type Row = Schema<"Row">;

/** A line of the stream: the heading of a group, or a row with its place among all rows. */
export type Line =
    | { kind: "heading"; key: string; name: string; insights: number | null }
    | { kind: "row"; key: string; row: Row; at: number };

/** What the stream can be grouped by. */
export type Grouping = "movement" | "category" | "team" | "theme" | "status" | "none";

/** Returns true if something about a row asks for a decision. */
export function isMoving(row: Row): boolean {
    return row.movement.some(({ kind }) => kind !== "falling");
}

function groupOf(row: Row, grouping: Grouping): { key: string; name: string } {
    const { category, team } = row.insight;
    switch (grouping) {
        case "category":
            return { key: category?.id ?? "", name: category?.name ?? "No category" };
        case "team":
            return { key: team?.id ?? "", name: team?.name ?? "No team" };
        case "theme":
            return { key: row.theme_id ?? "", name: "No theme" };
        case "status":
            if (row.insight.archived_at) return { key: "archived", name: "Archived" };
            return row.insight.resolved_at
                ? { key: "resolved", name: "Resolved" }
                : { key: "unresolved", name: "Unresolved" };
        case "movement":
            if (isMoving(row)) return { key: "moving", name: "Moving" };
            return row.movement.length ? { key: "falling", name: "Falling" } : { key: "steady", name: "Steady" };
        default:
            return { key: "", name: "" };
    }
}

/** The lines of rows: when they are all made again, those whose row is the same are the same. */
const kept = new WeakMap<Row, Extract<Line, { kind: "row" }>>();

function lineOf(row: Row, at: number): Line {
    const known = kept.get(row);
    if (known?.at === at) return known;
    const line = { kind: "row" as const, key: row.insight.id, row, at };
    kept.set(row, line);
    return line;
}

type Page = Pick<Schema<"Rows">, "items" | "groups">;

/** What is loaded of the stream. */
export interface Loaded {
    /** The rows by the id of their insight, in their order. */
    byId: Map<string, Row>;
    lines: Line[];
}

/**
 * Puts headings over rows that come page by page and group by group. A further page costs what it holds: those before it are
 * not gone through again.
 */
export class Lines {
    #pages: Page[] = [];
    #grouping: Grouping = "none";
    #byId = new Map<string, Row>();
    #lines: Line[] = [];
    /** The place of the last heading, if the size of its group is not known yet. */
    #open = -1;
    #heading = "";

    /**
     * Returns the lines of pages. A group says how many insights it has: as the server counted, or as many as were loaded
     * once the next group begins or nothing is left to load. A page that begins behind a row that moved may show it twice:
     * it has the first place, as it is now.
     */
    of(pages: Page[], grouping: Grouping, isWhole: boolean): Loaded {
        const before = this.#pages;
        const added = pages.slice(before.length).flatMap(({ items }) => items);
        const goesOn =
            grouping === this.#grouping &&
            before.every((page, at) => page === pages[at]) &&
            !added.some(({ insight }) => this.#byId.has(insight.id));
        if (!goesOn) {
            [this.#byId, this.#lines, this.#open, this.#heading] = [new Map(), [], -1, ""];
            this.#grouping = grouping;
        }
        [this.#pages, this.#lines] = [pages, [...this.#lines]];
        this.#add(goesOn ? added : pages.flatMap(({ items }) => items));
        return { byId: this.#byId, lines: isWhole ? this.#closed() : this.#lines };
    }

    #add(rows: Row[]) {
        let at = this.#byId.size;
        for (const row of rows) this.#byId.set(row.insight.id, row);
        // of a row that came twice, as it came last
        const fresh = at ? rows : [...this.#byId.values()];
        for (const row of fresh) {
            const group = groupOf(row, this.#grouping);
            if (this.#grouping !== "none" && (this.#heading !== group.key || !at)) this.#begin(group);
            this.#lines.push(lineOf(row, at++));
        }
    }

    #begin({ key, name }: { key: string; name: string }) {
        this.#lines = this.#closed();
        const known = this.#pages[0]!.groups.find(({ value }) => (value ?? "") === key);
        const insights = known?.insights ?? null;
        this.#open = insights === null ? this.#lines.length : -1;
        this.#heading = key;
        this.#lines.push({ kind: "heading", key: `group ${key}`, name: known?.name ?? name, insights });
    }

    /** Returns the lines with the last group's size as it is so far. */
    #closed(): Line[] {
        const heading = this.#lines[this.#open];
        if (heading?.kind !== "heading") return this.#lines;
        return this.#lines.with(this.#open, { ...heading, insights: this.#lines.length - this.#open - 1 });
    }
}

/** Where lines stand, so that only those in sight need to be drawn. */
export class Places {
    /** The upper edge of each line, and behind the last the height of all. */
    readonly tops: number[];

    constructor(lines: Line[], height: (line: Line) => number) {
        let top = 0;
        this.tops = [top];
        for (const line of lines) this.tops.push((top += height(line)));
    }

    /** The height of all lines. */
    get height(): number {
        return this.tops.at(-1)!;
    }

    /** Returns the first line and the one behind the last that show between two heights. Takes two binary searches. */
    between(from: number, to: number): [number, number] {
        const lines = this.tops.length - 1;
        return [Math.max(0, this.#behind(from) - 1), Math.min(lines, this.#behind(to))];
    }

    /** Returns the first line whose upper edge is below a height. */
    #behind(height: number): number {
        let [low, high] = [0, this.tops.length];
        while (low < high) {
            const middle = (low + high) >> 1;
            if (this.tops[middle]! > height) high = middle;
            else low = middle + 1;
        }
        return low;
    }
}

/** A line that is drawn, the number of the element that it is drawn in, and its upper edge. */
export interface Drawn {
    readonly line: Line;
    readonly element: number;
    readonly upper: number;
}

/**
 * The lines that are drawn: one that stays in sight keeps its element, and one that enters takes that of one that left. So a
 * row that is decided on changes no other row, and scrolling makes no elements.
 */
export class Elements {
    #drawn: Drawn[] = [];

    /** Draws lines at their upper edges. What did not change is the same object. */
    draw(lines: Line[], upper: number[]): Drawn[] {
        const before = new Map(this.#drawn.map((drawn, at) => [drawn.line.key, at]));
        let last = -1;
        // as long as those that stay are in their order: to move an element costs more than to show another line in it
        const kept = lines.map(({ key }) => {
            const at = before.get(key);
            if (at === undefined || at <= last) return undefined;
            last = at;
            return this.#drawn[at];
        });
        const taken = new Set(kept.map((drawn) => drawn?.element));
        const free = this.#drawn.map(({ element }) => element).filter((element) => !taken.has(element));
        let next = 1 + Math.max(-1, ...this.#drawn.map(({ element }) => element));
        this.#drawn = lines.map((line, at) => {
            const [own, edge] = [kept[at], upper[at]!];
            if (own?.line === line && own.upper === edge) return own;
            return { line, element: own?.element ?? free.shift() ?? next++, upper: edge };
        });
        return this.#drawn;
    }
}
