/** Cutting texts of customers. */

/** A stretch of a text; `marked` ones are what a place points at. */
export interface Stretch {
    text: string;
    marked: boolean;
}

/**
 * Cuts a text at places in code points, as the API counts; a string of the browser counts otherwise. Places are in
 * order and do not overlap; what lies behind the end is left out.
 */
export function cut(text: string, places: { start: number; end: number }[]): Stretch[] {
    const points = Array.from(text);
    const stretches: Stretch[] = [];
    let done = 0;
    const push = (end: number, marked: boolean) => {
        if (end > done) stretches.push({ text: points.slice(done, end).join(""), marked });
        done = Math.max(done, end);
    };
    for (const { start, end } of places) {
        push(Math.min(start, points.length), false);
        push(Math.min(end, points.length), true);
    }
    push(points.length, false);
    return stretches;
}

/** Returns a text of one line with at most so many code points, an ellipsis behind what was cut. */
export function shorten(text: string, most: number): string {
    const points = Array.from(text.replace(/\s+/g, " ").trim());
    return points.length <= most
        ? points.join("")
        : `${points
              .slice(0, most - 1)
              .join("")
              .trimEnd()}…`;
}

/** The least length of a text in which a word can be endless. */
const ENDLESS_MIN = 400;
/** A stretch of a word that has no end: nowhere a line breaks in it, and none of its letters is torn from its marks. */
const ENDLESS = new RegExp(
    `((?:(?!\\p{RI}|\\p{Extended_Pictographic}|\\p{EMod})[\\p{L}\\p{N}\\p{P}\\p{S}]){${ENDLESS_MIN},512}(?![\\p{M}\\u200d\\ufe0f]))`,
    "u",
);

/**
 * Cuts words without end into stretches, each for an element of its own. A browser looks through the whole rest of a word
 * for each of its lines: 64 kB of one word took half a minute.
 */
export function stretches(text: string): string[] {
    return text.length < ENDLESS_MIN ? [text] : text.split(ENDLESS).filter(Boolean);
}

/** What stands between what was said and what was answered in a summary. */
const DASH = " – ";

/**
 * Returns a summary of which what was answered runs in its own direction: behind Arabic words, the full stop of an
 * English answer would else stand at its wrong end. The first part stays bare, since its direction is that of the whole.
 */
export function isolated(summary: string): string {
    const [said, ...answered] = summary.split(DASH);
    return [said, ...answered.map((part) => `\u2068${part}\u2069`)].join(DASH);
}

/** Returns a text without the backslashes that keep Markdown from reading its signs. */
export function unescaped(text: string): string {
    return text.replace(/\\([!-/:-@[-`{-~])/g, "$1");
}
