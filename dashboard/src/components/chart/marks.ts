/** What stands above the lines of a chart's events. */

import { textScale } from "../../styles/sizes";
import type { ChartEvent } from "./points";

/** The room that an icon takes. */
const NEAR = 18;
/** The room that a letter of a name takes, on average. */
const LETTER = 5.6;
/** The most icons above one line. */
const ICONS_MAX = 3;

/** What happened at one point. */
export interface Happened {
    at: number;
    happened: ChartEvent[];
}

/** What stands above a line: icons, and words where there is room. */
export interface Mark extends Happened {
    words: string;
    /** True if it stands before its line. */
    isBefore: boolean;
}

/** Returns the icons of what happened, each once, a few at most: the tooltip has all. */
export const marksOf = (happened: ChartEvent[]) =>
    happened.filter(({ icon }, at) => happened.findIndex((other) => other.icon === icon) === at).slice(0, ICONS_MAX);

/** Returns what happened, point by point; `indexOf` tells the point of a day. */
export function grouped(events: ChartEvent[], points: number, indexOf: (date: string) => number): Happened[] {
    const byPoint = new Map<number, ChartEvent[]>();
    for (const event of events) {
        const at = indexOf(event.date);
        byPoint.set(at, [...(byPoint.get(at) ?? []), event]);
    }
    const found = [...byPoint].filter(([at]) => at >= 0 && at < points).sort(([a], [b]) => a - b);
    return found.map(([at, happened]) => ({ at, happened }));
}

/** Returns the marks of what happened, where a point is `column` wide: those of points too near for two are one. */
export function placed(groups: Happened[], points: number, column: number): Mark[] {
    const scale = textScale();
    const letter = LETTER * scale;
    const near = NEAR * scale;
    const found: (Mark & { room: number })[] = [];
    for (const [nth, { at, happened }] of groups.entries()) {
        const words = [...new Set(happened.map(({ name }) => name))].join(", ");
        const room = words.length * letter + marksOf(happened).length * near + 6;
        const isBehind = ((groups[nth + 1]?.at ?? points) - at) * column >= room;
        const before = found.at(-1);
        const taken = before?.isBefore ? 0 : (before?.room ?? 0);
        const isBefore = !isBehind && (at - (groups[nth - 1]?.at ?? 0)) * column >= room + taken;
        const isNear = before && (at - before.at) * column < near * marksOf(before.happened).length;
        if (before && !before.words && !isBehind && !isBefore && isNear)
            before.happened = [...before.happened, ...happened];
        else found.push({ at, happened, room, words: isBehind || isBefore ? words : "", isBefore });
    }
    const last = found.at(-1);
    const width = last ? near * marksOf(last.happened).length : 0;
    // at the end icons stand before their line, and take the room of the name before
    if (last && (points - last.at) * column < width) {
        last.isBefore = true;
        const before = found.at(-2);
        if (before && !before.isBefore && (last.at - before.at) * column < before.room + width) before.words = "";
    }
    return found;
}
