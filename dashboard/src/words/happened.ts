/** What happened to an insight, in sentences. */

import type { Schema } from "../api/client";
import type { IconName } from "../components/icons";
import { nearness } from "./archive";
import { dimensionName, valueName } from "./names";
import { count, counted, date, day, percent, rate, signed } from "./numbers";

type Insight = Schema<"PublicInsight">;
type Row = Schema<"Row">;
/** Something that happened to an insight. */
export type InsightEvent = Schema<"InsightEvent">;
type Of<Kind extends InsightEvent["kind"]> = Extract<InsightEvent, { kind: Kind }>;
/** A kind of what happens to insights. */
export type Kind = InsightEvent["kind"];

/** Why an insight is where it is: a beginning, what follows, and what a rise is made of. */
export interface Why {
    head: string;
    text: string;
    tone: "hot" | "warn" | "info" | "calm" | "mute";
    /** The parts of a rise, the largest first. */
    parts: { by: string; value: string | null; rise: number }[];
    /** How large the rise is that they are parts of. */
    rise: number;
}

/** The parts of a rise that are shown. */
const PARTS_MAX = 6;
/** The rise below which a part says nothing. */
const PART_MIN = 1;

const people = (number: number) => counted(number, "person", "people");
const on = (at: string) => date(day(Date.parse(at)));
const who = (by: { name: string | null } | null) => by?.name ?? "Somebody";
/** Names who did what happened. */
export const whoDid = ({ by }: InsightEvent) => (by ? who(by) : "Refrain");

const POLICIES = {
    until_escalating: "until it escalates",
    until_count: "until a count is reached",
    forever: "for good",
};

/** Returns the parts of a rise that say most. The team is that of the insight, and says nothing. */
export function largestParts(cause: Of<"resurfaced">["detail"]["cause"]): Why["parts"] {
    return cause.by
        .flatMap(({ dimension, parts }) => parts.map(({ value, rise }) => ({ by: dimension, value, rise })))
        .filter(({ by, value, rise }) => by !== "team" && value !== null && value !== "others" && rise >= PART_MIN)
        .sort((a, b) => b.rise - a.rise)
        .slice(0, PARTS_MAX);
}

function cameBack({ at, detail }: Of<"resurfaced">): Why {
    const { cause, numbers, policy } = detail;
    const last = numbers.days.at(-1);
    const first =
        policy === "until_escalating" && last
            ? `${people(last.seen)} said it that day, where a quiet day brings ${rate(last.expected)}.`
            : `${counted(detail.current ?? 0, detail.counted === "contacts" ? "person" : "session", detail.counted === "contacts" ? "people" : undefined)} had come of ${count(detail.target ?? 0)}.`;
    const all =
        `In the ${counted(cause.days, "day")} after it was archived ${counted(cause.seen, "session")} came where ` +
        `${rate(cause.usual)} were usual, while all else was ${rate(cause.traffic)} times as much: ` +
        (cause.only_traffic ? "no more than all traffic." : "not just traffic.");
    return {
        head: `Came back on ${on(at)}.`,
        text: `${first} ${all}`,
        tone: "hot",
        parts: largestParts(cause),
        rise: cause.seen - cause.usual,
    };
}

const plain = (head: string, text: string, tone: Why["tone"]): Why => ({ head, text, tone, parts: [], rise: 0 });

/** Says why an insight moves or rests: what is archived or resolved first, then what moves most urgently. */
export function whyMoved(insight: Insight, row: Row | undefined, events: InsightEvent[]): Why | null {
    const last = <K extends Kind>(kind: K) => events.find((event): event is Of<K> => event.kind === kind);
    if (insight.archived_at) {
        const reason = insight.archived_by?.reason;
        const policy = POLICIES[insight.archive_policy ?? "forever"];
        const by = `by ${who(insight.archived_by)} ${policy}${reason ? `: “${reason}”.` : "."}`;
        return plain(`Archived on ${on(insight.archived_at)}`, `${by} ${nearness(insight)}.`, "mute");
    }
    if (insight.resolved_at) {
        const by = insight.resolved_by ? `by ${who(insight.resolved_by)}. ` : "";
        return plain(`Resolved on ${on(insight.resolved_at)}`, `${by}Seen again, it is unresolved again.`, "calm");
    }
    const moves = new Set(row?.movement.map(({ kind }) => kind));
    const back = last("resurfaced");
    if (moves.has("back") && back) return cameBack(back);
    const rise = last("escalating");
    if (moves.has("escalating") && rise) {
        const { seen, since, usual } = rise.detail;
        const text = `${people(seen)} said it in the 14 days to ${on(rise.at)}, where ${rate(usual)} were usual.`;
        return plain(`Escalating since ${on(since ?? rise.at)}.`, text, "hot");
    }
    const again = last("regressed");
    if (moves.has("regressed") && again) {
        const { resolved_at, first_seen_again_at, sessions_since } = again.detail;
        return plain(
            `Regressed on ${on(again.at)}.`,
            `Resolved on ${on(resolved_at)}, it was seen again on ${on(first_seen_again_at)}: ` +
                `${counted(sessions_since, "session")} since it was resolved.`,
            "warn",
        );
    }
    if (!row) return null;
    const { recent, before, ratio } = row.change;
    if (moves.has("new")) {
        const since = row.movement.find(({ kind }) => kind === "new")?.since ?? insight.first_seen_at;
        return plain(`New since ${on(since)}.`, `${people(row.people)} said it since, and nobody before.`, "info");
    }
    const against = `${people(recent.people)} in the last 14 days, ${count(before.people)} in the 14 before`;
    if (moves.has("falling") && ratio !== null) {
        return plain("Falling.", `${against}: ${percent(1 - ratio, 0)} less a day, which is not chance.`, "calm");
    }
    if (moves.has("escalating")) return plain("Escalating.", `${against}.`, "hot");
    return null;
}

/** What kinds of events are called, and how they look. */
export const EVENTS: Record<Kind, { name: string; icon: IconName; tone: Why["tone"] }> = {
    created: { name: "Found", icon: "new", tone: "info" },
    edited: { name: "Edited", icon: "edit", tone: "mute" },
    reworded: { name: "Reworded", icon: "wand", tone: "mute" },
    retitled: { name: "Reworded", icon: "edit", tone: "mute" },
    resolved: { name: "Resolved", icon: "done", tone: "calm" },
    reopened: { name: "Reopened", icon: "undo", tone: "mute" },
    regressed: { name: "Regressed", icon: "again", tone: "warn" },
    archived: { name: "Archived", icon: "archive", tone: "mute" },
    restored: { name: "Restored", icon: "back", tone: "mute" },
    resurfaced: { name: "Came back", icon: "back", tone: "hot" },
    escalating: { name: "Escalating", icon: "rise", tone: "hot" },
    regrouped: { name: "Regrouped", icon: "workbench", tone: "mute" },
    merged: { name: "Merged", icon: "merge", tone: "mute" },
    unmerged: { name: "Merge undone", icon: "undo", tone: "mute" },
    split: { name: "Split", icon: "split", tone: "mute" },
    ended: { name: "Ended", icon: "x", tone: "mute" },
    session_added: { name: "Added", icon: "plus", tone: "mute" },
    session_removed: { name: "Taken out", icon: "x", tone: "mute" },
    session_decision_withdrawn: { name: "Left to the grouping", icon: "undo", tone: "mute" },
    research_completed: { name: "Researched", icon: "search", tone: "mute" },
};

/** The kinds that a chart marks. */
export const MARKED: Kind[] = [
    "archived",
    "restored",
    "resurfaced",
    "escalating",
    "resolved",
    "reopened",
    "regressed",
    "merged",
    "split",
];

/** The names of what events point at. */
export interface Names {
    team: (id: string | null) => string;
    category: (id: string | null) => string;
}

const BECAUSE: Record<string, string> = { merged: ", as what was merged was", undone: ", as a decision was undone" };
const because = (detail: { because?: string } | null) =>
    detail?.because ? (BECAUSE[detail.because] ?? ` (${detail.because})`) : "";

/** Says what happened, behind the name of who did it: "archived it until it escalates". */
export function happened(event: InsightEvent, names: Names): string {
    switch (event.kind) {
        case "created":
            return "found it";
        case "edited": {
            const { before, after } = event.detail;
            const changes = [];
            if (before.content !== after.content) changes.push(`changed “${before.content}” to “${after.content}”`);
            if (before.team_id !== after.team_id) changes.push(`assigned it to ${names.team(after.team_id)}`);
            if (before.category_id !== after.category_id)
                changes.push(`moved it to ${names.category(after.category_id)}`);
            return changes.join(", ") || "edited it";
        }
        case "reworded":
            return `had ${event.detail.model} word it: “${event.detail.after}”, before “${event.detail.before}”`;
        case "retitled":
            return `worded it anew: “${event.detail.after}”, before “${event.detail.before}”`;
        case "resolved":
            return `resolved it${because(event.detail)}`;
        case "reopened":
            return `reopened it${because(event.detail)}`;
        case "restored":
            return `restored it${because(event.detail)}`;
        case "regressed":
            return `saw it again ${counted(event.detail.sessions_since, "time")} after it was resolved`;
        case "archived": {
            const { policy, target, reason } = event.detail;
            const until = policy === "until_count" && target ? `until ${count(target)} more` : POLICIES[policy];
            return `archived it ${until}${because(event.detail)}${reason ? `: “${reason}”` : ""}`;
        }
        case "resurfaced": {
            const { cause } = event.detail;
            return `brought it back: ${counted(cause.seen, "session")} since it was archived, where ${rate(cause.usual)} were usual`;
        }
        case "escalating":
            return `noted that it escalates: ${people(event.detail.seen)} in 14 days, where ${rate(event.detail.usual)} were usual`;
        case "regrouped": {
            const { gained, lost } = event.detail;
            const moved = [
                ...(gained ? [`${counted(gained, "session")} came`] : []),
                ...(lost ? [gained ? `${count(lost)} went` : `${counted(lost, "session")} went`] : []),
            ];
            return `grouped anew: ${moved.join(", ") || "nothing moved"}`;
        }
        case "merged":
            return event.detail.merged_id ? "merged another insight into it" : "merged it into another insight";
        case "unmerged":
            return "undid a merge";
        case "split":
            return "split it";
        case "ended":
            return "ended it: the grouping counts its sessions elsewhere";
        case "session_added":
            return "said that a conversation belongs here";
        case "session_removed":
            return "said that a conversation does not belong here";
        case "session_decision_withdrawn":
            return "left a conversation to the grouping again";
        case "research_completed":
            return `finished research: ${counted(event.detail.claim_count, "claim")} from ${counted(event.detail.session_count, "session")}`;
    }
}

/** Returns the insights that an event points at, with how many sessions went there or came from there. */
export function othersOf(event: InsightEvent): { id: string; text: string }[] {
    if (event.kind === "regrouped") {
        const { from, to } = event.detail;
        return [
            ...from.map(({ insight_id, sessions }) => ({ id: insight_id, text: `${count(sessions)} from` })),
            ...to.map(({ insight_id, sessions }) => ({ id: insight_id, text: `${count(sessions)} to` })),
        ];
    }
    if (event.kind === "merged") {
        const id = event.detail.merged_id ?? event.detail.successor_id;
        return id ? [{ id, text: "" }] : [];
    }
    if (event.kind === "split" || event.kind === "unmerged") return [{ id: event.detail.other_id, text: "" }];
    return event.kind === "ended" && event.detail ? [{ id: event.detail.successor_id, text: "counted at" }] : [];
}

/** Returns the days that an insight was in the archive from a day on; the last may last still. */
export function archivedDays(
    events: { kind: string; at: string }[],
    isArchived: boolean,
    from: string,
): { from: string; to: string | null }[] {
    const spans: { from: string; to: string | null }[] = [];
    let since: string | null = null;
    let isFirst = true;
    for (const { kind, at } of events.toSorted((a, b) => a.at.localeCompare(b.at))) {
        if (kind === "archived") since ??= day(Date.parse(at));
        else if (kind === "resurfaced" || kind === "restored") {
            // what came back without having been archived in these days was archived before
            const start = since ?? (isFirst ? from : null);
            if (start) spans.push({ from: start, to: day(Date.parse(at)) });
            since = null;
        } else continue;
        isFirst = false;
    }
    if (since || (isFirst && isArchived)) spans.push({ from: since ?? from, to: null });
    return spans;
}

/** Returns a part of a rise as words: "Channel", "WhatsApp", "+8.3". */
export function partWords({ by, value, rise }: Why["parts"][number]) {
    return {
        what: dimensionName(by).replace(/ of the contact$/, ""),
        value: valueName(by, value),
        rise: signed(rise, rate),
    };
}
