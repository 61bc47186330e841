/** What a chart shows. */

import type { IconName } from "../icons";

/** A day or week of a chart. */
export interface ChartPoint {
    /** The day, or the first day of the week. */
    date: string;
    value: number | null;
    /** What a quiet day brings nine times in ten. */
    expected?: { low: number; high: number } | null;
    /** The value of the period that it is compared with, of the same day of the week. */
    compared?: number | null;
    /** Further numbers for the tooltip, such as sessions beside people. */
    beside?: { name: string; text: string }[];
}

/** A part of what is counted, as a line of its own. */
export interface ChartPart {
    name: string;
    /** Its values, point by point. */
    values: number[];
}

/** The most parts of a chart: as many lines as eyes tell apart. */
export const PARTS_MAX = 4;

/** The dashes of the lines of parts, so that they differ by more than their color. */
export const PART_DASHES: number[][] = [[], [7, 3], [2, 3], [9, 3, 2, 3]];

/** Something that happened on a day. */
export interface ChartEvent {
    date: string;
    icon: IconName;
    /** One or two words. */
    name: string;
    /** Who, what and why; shown with the numbers of the day. */
    told: string;
    tone?: "hot" | "warn" | "info" | "calm" | "mute";
}

/** Days between which the ground of a chart is darker; without an end it goes on. */
export interface ChartShade {
    from: string;
    to: string | null;
}
