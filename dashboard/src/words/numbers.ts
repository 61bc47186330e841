/** Numbers and times in the member's language. */

const locale = () => document.documentElement.dataset.locale ?? navigator.language;

/** Formats by what they are made of: to make one takes as long as to use it a hundred times. */
const formats = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat>();

function remembered<T extends Intl.NumberFormat | Intl.DateTimeFormat>(key: string, make: () => T): T {
    let format = formats.get(key) as T | undefined;
    if (!format) formats.set(key, (format = make()));
    return format;
}

const numberFormat = (options: Intl.NumberFormatOptions = {}) =>
    remembered(`number ${JSON.stringify(options)}`, () => new Intl.NumberFormat(locale(), options));
const timeFormat = (options: Intl.DateTimeFormatOptions) =>
    remembered(`time ${JSON.stringify(options)}`, () => new Intl.DateTimeFormat(locale(), options));

/** Returns a whole number with its separators. */
export function count(value: number): string {
    return numberFormat().format(value);
}

/** Returns a number with one digit behind the point, from ten on with none. */
export function rate(value: number): string {
    const maximumFractionDigits = Math.abs(value) < 10 ? 1 : 0;
    return numberFormat({ maximumFractionDigits, minimumFractionDigits: maximumFractionDigits }).format(value);
}

/** Returns a number with two digits behind the point. */
export function hundredths(value: number): string {
    const fraction = { minimumFractionDigits: 2, maximumFractionDigits: 2 };
    return numberFormat(fraction).format(value);
}

/** Returns a share of 1 in percent: with one digit below ten, whole from there on. */
export function percent(share: number, digits = share < 0.1 ? 1 : 0): string {
    const fraction = { minimumFractionDigits: digits, maximumFractionDigits: digits };
    return numberFormat({ style: "percent", ...fraction }).format(share);
}

/** Returns a number with its sign: a minus that is one, and ± for zero. */
export function signed(value: number, format: (value: number) => string = count): string {
    if (value === 0) return `±${format(0)}`;
    return (value > 0 ? "+" : "−") + format(Math.abs(value));
}

/** Returns `one` or `many` behind a number. */
export function counted(value: number, one: string, many = `${one}s`): string {
    return `${count(value)} ${value === 1 ? one : many}`;
}

/** The zone by which days begin, as the organization has set it. */
let zone = "UTC";

/** Sets the zone by which days begin. */
export function setTimeZone(name: string) {
    zone = name;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Returns how long ago something was, within a day; before that its date. */
export function ago(at: string, now = Date.now()): string {
    const past = now - Date.parse(at);
    if (past < MINUTE) return "now";
    if (past < HOUR) return `${Math.floor(past / MINUTE)} min`;
    if (past < DAY) return `${Math.floor(past / HOUR)} h`;
    return date(at, now);
}

/** Returns how long ago something was, as it stands in a sentence. */
export function past(at: string, now = Date.now()): string {
    const short = ago(at, now);
    if (short === "now") return "just now";
    return now - Date.parse(at) < DAY ? `${short} ago` : `on ${short}`;
}

/** Returns the date of a point in time: day and month, with the year if it is not this one. */
export function date(at: string | number, now = Date.now()): string {
    const time = typeof at === "string" && at.length === 10 ? Date.parse(`${at}T12:00:00Z`) : new Date(at).getTime();
    const timeZone = typeof at === "string" && at.length === 10 ? "UTC" : zone;
    const isThisYear = new Date(time).getUTCFullYear() === new Date(now).getUTCFullYear();
    const year = isThisYear ? undefined : "numeric";
    return timeFormat({ day: "numeric", month: "short", year, timeZone }).format(time);
}

/** Returns a date in full, with the day of the week. */
export function longDate(at: string): string {
    const time = at.length === 10 ? Date.parse(`${at}T12:00:00Z`) : Date.parse(at);
    const timeZone = at.length === 10 ? "UTC" : zone;
    return timeFormat({ dateStyle: "full", timeZone }).format(time);
}

/** Returns hours and minutes. */
export function clock(at: string): string {
    return timeFormat({ timeStyle: "short", timeZone: zone }).format(Date.parse(at));
}

/** Returns the hours and minutes that it is now in a zone; nothing if there is no such zone. */
export function clockIn(timeZone: string): string {
    try {
        return timeFormat({ timeStyle: "short", timeZone }).format(Date.now());
    } catch {
        return "";
    }
}

/** Returns a point in time in full, with its zone: what a time says when one points at it. */
export function exact(at: string): string {
    const parts = { dateStyle: "long", timeStyle: "long", timeZone: zone } as const;
    return timeFormat(parts).format(Date.parse(at));
}

/** Returns the day of a point in time, as the API writes days. */
export function day(at: number): string {
    return remembered(`day ${zone}`, () => new Intl.DateTimeFormat("en-CA", { timeZone: zone })).format(at);
}

/** Returns the day so many days after another. */
export function addDays(day: string, days: number): string {
    return new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY).toISOString().slice(0, 10);
}

/** Returns the days from one day to another. */
export function daysBetween(from: string, to: string): number {
    return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / DAY);
}

/** Returns a span of days. */
export function span(from: string, to: string): string {
    const format = timeFormat({ day: "numeric", month: "short", timeZone: "UTC" });
    return format.formatRange(Date.parse(`${from}T12:00:00Z`), Date.parse(`${to}T12:00:00Z`));
}

/** Returns a time that something takes, roughly. */
export function duration(seconds: number): string {
    if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
    if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
    return `${Math.round(seconds / 3600)} h`;
}

/** Returns a size in bytes as people read it. */
export function size(bytes: number): string {
    if (bytes < 1000) return counted(bytes, "byte");
    const units = ["byte", "kilobyte", "megabyte", "gigabyte"];
    const step = Math.min(3, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
    const format = { style: "unit", unit: units[step], maximumSignificantDigits: 3 } as const;
    return numberFormat(format).format(bytes / 1000 ** step);
}
