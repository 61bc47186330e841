/** The figures of the overview: what each counts, how it changed, and the line that it draws. */

import type { Schema } from "../../api/client";
import type { Filter } from "../../filter";
import { addDays, count, daysBetween, percent, rate, signed } from "../../words/numbers";

export type Series = Schema<"SeriesOutput">["series"];
type Point = Series["points"][number];

/** A figure that is a share of all sessions. */
export type Share = "resolved" | "handed_off" | "angry";
export type Measure = "sessions" | Share;

/** The shares: what they are called, whether more of them is worse, and the parameters of their conversations. */
export const SHARES: Record<Share, { name: string; isWorse: boolean; params: Record<string, string> }> = {
    resolved: { name: "Resolved", isWorse: false, params: { session_status: "closed_resolved" } },
    handed_off: { name: "Handed off", isWorse: true, params: { handed_off: "1" } },
    angry: { name: "Angry", isWorse: true, params: { sentiment: "angry" } },
};

/** What a change is: its text, and whether it is for the worse or the better beyond chance. */
export interface Changed {
    text: string;
    from: string;
    tone: "hot" | "calm" | "";
}

/** Returns how a share changed, in points; it has a tone only if the 95 % intervals of both do not overlap. */
export function changeOfShare(now: Series[Share], before: Series[Share], isWorse: boolean): Changed | null {
    if (now.share === null || before.share === null) return null;
    const points = (now.share - before.share) * 100;
    const rounded = Math.round(points * 10) / 10;
    const isApart = now.low > before.high || now.high < before.low;
    return {
        text: `${signed(rounded, rate)} points`,
        from: percent(before.share, 1),
        tone: !isApart ? "" : points > 0 === isWorse ? "hot" : "calm",
    };
}

/** Returns how a count changed, in percent; a count of sessions is neither good nor bad. */
export function changeOfCount(now: number, before: number): Changed | null {
    if (!before) return null;
    return {
        text: signed(Math.round((now / before - 1) * 100) / 100, (share) => percent(share, 0)),
        from: count(before),
        tone: "",
    };
}

/** The days over which a share is drawn: a single day has too few sessions, and weekends would show as waves. */
export const MEAN_OF = 7;

/** Returns the share of each day with the days before it. The first points, `lead` of them, are only such days before. */
export function meanShares(points: Point[], of: Share, lead: number): (number | null)[] {
    return points.slice(lead).map((_, at) => {
        const week = points.slice(Math.max(0, lead + at + 1 - MEAN_OF), lead + at + 1);
        const all = week.reduce((sum, { sessions }) => sum + sessions, 0);
        return all ? week.reduce((sum, point) => sum + point[of], 0) / all : null;
    });
}

/** Returns the first day of the time before that has as many days; whole weeks before, so that weekdays meet. */
export function firstBefore(from: string, to: string): string {
    const days = daysBetween(from, to) + 1;
    return addDays(from, -7 * Math.ceil(days / 7));
}

/** Returns how long before that is, where it does not end on the day before. */
export function weeksBefore(from: string, to: string): string | null {
    const weeks = daysBetween(firstBefore(from, to), from) / 7;
    if (7 * weeks === daysBetween(from, to) + 1) return null;
    return weeks === 1 ? "A week earlier" : `${weeks} weeks earlier`;
}

/** The days of a year in whole weeks. */
const YEAR = 364;
/** The days from which on points are weeks. */
const WEEKS_FROM = 150;

/** Returns whether a time is drawn by day or by week. */
export const intervalOf = (from: string, to: string): "day" | "week" =>
    daysBetween(from, to) + 1 > WEEKS_FROM ? "week" : "day";

/** What the sessions are compared with. */
export type Against = "before" | "year" | "all" | "others" | "segment" | "none";

/** Returns the first day and the filter of what is compared; null for nothing. `segment` is a filter that somebody chose. */
export function compared(
    against: Against,
    filter: Filter,
    segment: Filter,
    from: string,
    to: string,
): { from: string; filter: Filter } | null {
    const all = { ...filter, conditions: [] };
    const [only, ...more] = filter.conditions;
    switch (against) {
        case "none":
            return null;
        case "year":
            return { from: addDays(from, -YEAR), filter };
        case "segment":
            return { from, filter: segment };
        case "all":
            return { from, filter: all };
        case "others":
            // the opposite of several conditions at once is no filter
            if (!only || more.length) return { from, filter: all };
            return { from, filter: { ...filter, conditions: [{ ...only, not: !only.not }] } };
        default:
            return { from: firstBefore(from, to), filter };
    }
}

/** Returns how long a time is, in words. */
export function lengthOf(from: string, to: string): string {
    const days = daysBetween(from, to) + 1;
    if (days === 1) return "day";
    return days % 7 ? `${days} days` : days === 7 ? "week" : `${days / 7} weeks`;
}
