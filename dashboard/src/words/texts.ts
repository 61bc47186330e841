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

/** Returns a text without the backslashes that keep Markdown from reading its signs. */
export function unescaped(text: string): string {
    return text.replace(/\\([!-/:-@[-`{-~])/g, "$1");
}
