/** What a conversation is drawn from: its messages, with what was found in them. */

import type { Schema } from "../../api/client";
import { day } from "../../words/numbers";
import { isolated } from "../../words/texts";

export type Item = Schema<"ChatHistoryItem">;
export type Findings = Schema<"ChatFindings">;
export type Statement = Findings["statements"][number];
type Mask = Findings["masks"][number];
type Reason = Findings["set_aside"][number]["reason"];

/** A stretch of a text; `mask` is the kind of what stands there masked. */
export interface Piece {
    text: string;
    mask: string | null;
}

/** A part of a text that is of one statement, or of none. */
export interface Part {
    statement: Statement | null;
    pieces: Piece[];
}

interface Place {
    start: number;
    end: number;
}

/** Cuts a text by its statements, and each part by what is masked in it. Places are in code points. */
export function dress(text: string, statements: Statement[], masks: Pick<Mask, "place" | "kind">[]): Part[] {
    const points = Array.from(text);
    const placed = statements
        .filter((statement) => statement.place)
        .sort((a, b) => a.place!.start - b.place!.start || b.place!.end - a.place!.end);
    const parts: Part[] = [];
    let done = 0;
    const push = (end: number, statement: Statement | null) => {
        const place = { start: done, end: Math.min(end, points.length) };
        if (place.end <= done) return;
        parts.push({ statement, pieces: pieces(points, place, masks) });
        done = place.end;
    };
    for (const statement of placed) {
        push(statement.place!.start, null);
        push(statement.place!.end, statement);
    }
    push(points.length, null);
    return parts;
}

function pieces(points: string[], place: Place, masks: Pick<Mask, "place" | "kind">[]): Piece[] {
    const found: Piece[] = [];
    let done = place.start;
    const push = (end: number, mask: string | null) => {
        if (end <= done) return;
        found.push({ text: points.slice(done, end).join(""), mask });
        done = end;
    };
    for (const { place: masked, kind } of [...masks].sort((a, b) => a.place.start - b.place.start)) {
        push(Math.min(masked.start, place.end), null);
        push(Math.min(masked.end, place.end), kind);
    }
    push(place.end, null);
    return found;
}

/**
 * Moves places in a masked text to where they are in the text as it was said: what lies between the masks is the same in
 * both. Returns null if that is not so.
 */
export function uncover<T extends { place: Place | null }>(
    masked: string,
    said: string,
    masks: Mask[],
    found: T[],
): T[] | null {
    const points = Array.from(masked);
    const original = Array.from(said);
    const steps: { at: number; by: number }[] = [];
    let [done, moved] = [0, 0];
    for (const { place } of [...masks].sort((a, b) => a.place.start - b.place.start)) {
        if (place.start < done) return null;
        const next = points.slice(place.end, nextStart(place.end, masks, points.length));
        const from = place.start + moved;
        const to = next.length ? indexOf(original, next, from + 1) : original.length;
        if (to < 0 || points.slice(done, place.start).some((point, at) => point !== original[done + moved + at]))
            return null;
        moved = to - place.end;
        done = place.end;
        steps.push({ at: place.end, by: moved });
    }
    const shift = (at: number) => at + (steps.findLast((step) => step.at <= at)?.by ?? 0);
    return found.map((one) => ({
        ...one,
        place: one.place && { start: shift(one.place.start), end: shift(one.place.end) },
    }));
}

function nextStart(from: number, masks: Mask[], end: number): number {
    return Math.min(end, ...masks.map(({ place }) => place.start).filter((start) => start >= from));
}

function indexOf(points: string[], sought: string[], from: number): number {
    for (let at = from; at + sought.length <= points.length; at++) {
        if (sought.every((point, offset) => points[at + offset] === point)) return at;
    }
    return -1;
}

/** Sorts findings by the message that they are of. */
export function byMessage<T extends { message_id: string }>(found: T[]): Map<string, T[]> {
    const sorted = new Map<string, T[]>();
    for (const one of found) sorted.set(one.message_id, [...(sorted.get(one.message_id) ?? []), one]);
    return sorted;
}

/** Returns true if an entry is the first of its day. */
export function beginsDay(item: Item, before: Item | undefined): boolean {
    if (!item.created_at) return false;
    return !before?.created_at || day(Date.parse(item.created_at)) !== day(Date.parse(before.created_at));
}

/** The insights that a conversation counts for, each with the statement that is nearest to it. */
export function countedFor(
    statements: Statement[],
): { insight: Statement["insights"][number]; statement: Statement }[] {
    const best = new Map<string, { insight: Statement["insights"][number]; statement: Statement }>();
    for (const statement of statements) {
        for (const insight of statement.insights) {
            if ((best.get(insight.id)?.insight.score ?? -Infinity) < insight.score)
                best.set(insight.id, { insight, statement });
        }
    }
    return [...best.values()].sort((a, b) => b.insight.score - a.insight.score);
}

/** The kinds of what is masked, in words. */
const MASKS: Record<string, string> = {
    url: "web address",
    email: "e-mail address",
    card: "card number",
    iban: "account number",
    id: "national id",
    secret: "secret",
    phone: "phone number",
    ip: "IP address",
};

/** Returns what is masked, in words. */
export const maskName = (kind: string) => MASKS[kind] ?? kind;

const REASONS: Record<Reason, string> = {
    auto_reply: "automatic reply",
    bounce: "could not be delivered",
    notice: "automatic notice",
    click: "a click in a menu",
    opening: "says nothing yet",
    placeholder: "stands for a file",
    note: "note of a program",
    unclear_speakers: "unclear who speaks",
};

/** Returns why nothing is read in a message. */
export const reasonName = (reason: Reason) => REASONS[reason];

/** Returns what happened, for entries that are no messages. */
export function eventWords(item: Item, handoff: string | undefined): string {
    const context = (item.event.context ?? {}) as Record<string, string | undefined>;
    const said = context.summary ?? (item.event.type === "handoff" ? handoff : undefined);
    const words: Record<string, string> = {
        handoff: "Handed off to a person",
        human_agent_takeover: "A person took over from the AI agent",
        closed_resolved_by_api: "Closed as resolved",
        closed_unresolved_by_api: "Closed, not resolved",
        system_reopened_session: "Opened again",
        agent_assigned_by_system: `Assigned to ${context.assignee_id ?? "a person"}`,
        agent_unassigned_by_system: "Assigned to nobody",
        team_assigned_by_system: `Given to the team ${context.team_name ?? ""}`.trim(),
        team_unassigned_by_system: "Taken from its team",
        tag_added_by_api: `Tag ${context.tag_name ?? ""} added`,
        tag_removed_by_api: `Tag ${context.tag_name ?? ""} removed`,
    };
    const type = item.event.type;
    const happened = words[type] ?? type.replaceAll("_", " ");
    return said ? `${happened}: “\u2068${isolated(said)}\u2069”` : happened;
}
