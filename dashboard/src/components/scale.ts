/** The lines of a chart's axes. */

/** The steps between two lines, in powers of ten. */
const STEPS = [1, 2, 3, 4, 5, 6, 8, 10];
/** The most lines above zero. */
const LINES_MAX = 4;

/** Returns where lines stand from zero on so that the last is at or above `most`; whole numbers if `isCount`. */
export function lines(most: number, isCount: boolean): number[] {
    const least = most > 0 ? most : isCount ? 1 : 0.01;
    const power = 10 ** Math.floor(Math.log10(least / LINES_MAX));
    const wanted = STEPS.map((step) => step * power).find((step) => least / step <= LINES_MAX + 1e-9) ?? 10 * power;
    const step = isCount ? Math.max(1, Math.ceil(wanted)) : wanted;
    const count = Math.ceil(least / step - 1e-9);
    return Array.from({ length: count + 1 }, (_, at) => Number((at * step).toPrecision(12)));
}

/** The days between two labels below a chart. From a week on they stand at Mondays. */
const STRIDES = [1, 2, 7, 14, 28, 56, 112, 224];
const DAY = 86_400_000;

/** Returns which of the days or weeks have a label, where each takes `width` pixels and a label `room`. */
export function labeled(dates: string[], width: number, room: number): number[] {
    const [first, second] = dates;
    if (first === undefined) return [];
    const day = (date: string) => Date.parse(date) / DAY;
    const span = second === undefined ? 1 : day(second) - day(first);
    const stride = STRIDES.find((days) => (days / span) * width >= room && days >= span) ?? 448;
    // the first day of 1970 was a Thursday, four days before a Monday
    const start = stride < 7 ? day(first) : 4;
    return dates.flatMap((date, at) => {
        const past = (((day(date) - start) % stride) + stride) % stride;
        return past < span && past >= 0 ? [at] : [];
    });
}
