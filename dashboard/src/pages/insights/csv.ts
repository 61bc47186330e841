/** The list of insights that is shown, as a file for a spreadsheet: with the numbers of the slice, which no export has. */

import { answered, api } from "../../api/client";
import { statusOf } from "../../insight_decisions";
import type { Asked } from "./asked";
import type { Row } from "./lines";

/** The rows that are asked for at a time, and at most. */
const PAGE = 200;
const ROWS_MAX = 20_000;

type Cell = string | number | null;

const COLUMNS: [string, (row: Row) => Cell][] = [
    ["number", ({ insight }) => insight.insight_number],
    ["insight", ({ insight }) => insight.content],
    ["status", ({ insight }) => statusOf(insight)],
    ["movement", ({ movement }) => movement.map(({ kind }) => kind).join(" ")],
    ["category", ({ insight }) => insight.category?.name ?? null],
    ["team", ({ insight }) => insight.team?.name ?? null],
    ["sessions", ({ sessions }) => sessions],
    ["share", ({ share }) => share],
    ["people", ({ people }) => people],
    ["people_recent", ({ change }) => change.recent.people],
    ["people_before", ({ change }) => change.before.people],
    ["angry", ({ angry }) => angry],
    ["neutral", ({ neutral }) => neutral],
    ["happy", ({ happy }) => happy],
    ["first_seen_at", ({ insight }) => insight.first_seen_at],
    ["last_seen_at", ({ insight }) => insight.last_seen_at],
];

/** Writes a cell. A text that a spreadsheet would take for a formula begins with an apostrophe. */
function written(cell: Cell): string {
    if (typeof cell !== "string") return cell === null ? "" : String(cell);
    const isFormula = /^\s*[=+\-@＝＋－＠]|^[\t\r\n]/.test(cell);
    return `"${(isFormula ? `'${cell}` : cell).replaceAll('"', '""')}"`;
}

/** Returns rows as CSV, with the mark by which spreadsheets know UTF-8. */
export function csvOf(rows: Row[]): string {
    const lines = [COLUMNS.map(([name]) => name), ...rows.map((row) => COLUMNS.map(([, of]) => written(of(row))))];
    return `\u{feff}${lines.map((cells) => `${cells.join(",")}\r\n`).join("")}`;
}

/** Asks for all rows of a list, and has the browser save them. Returns how many there are. */
export async function saveList(question: Asked["question"]): Promise<number> {
    const rows: Row[] = [];
    let cursor: string | undefined;
    do {
        const page = await answered(api.POST("/insights/rows", { body: { ...question, limit: PAGE, cursor } }));
        rows.push(...page.items);
        cursor = page.next ?? undefined;
    } while (cursor && rows.length < ROWS_MAX);
    const address = URL.createObjectURL(new Blob([csvOf(rows)], { type: "text/csv" }));
    const link = Object.assign(document.createElement("a"), { href: address, download: "insights.csv" });
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
    return rows.length;
}
