/** What archiving comes to, in words. */

import type { Schema } from "../api/client";
import { count, counted, date, day, daysBetween, rate } from "./numbers";

type Preview = Schema<"ArchivePreview">;
type Insight = Schema<"PublicInsight">;
type Measured = Omit<Preview["sensitivities"][number], "sensitivity">;

/** How readily an archived insight comes back. */
export const SENSITIVITIES = [
    { value: "eager", name: "Eager" },
    { value: "normal", name: "Normal" },
    { value: "strict", name: "Strict" },
] as const;

const FALSELY = {
    eager: "Eager returns falsely at most once a year, on average.",
    normal: "Normal returns falsely at most once in five years, on average.",
    strict: "Strict returns falsely at most once in twenty years, on average.",
};

/** Says how often an insight comes back although nothing grew. */
export const falseReturns = (sensitivity: keyof typeof FALSELY) => FALSELY[sensitivity];

/** Says when an insight that is archived until it escalates is back. */
export function escalates({ baseline_days, usual_a_day, today }: Preview, { target, days_until }: Measured): string {
    const after = (growth: number) => days_until.find((other) => other.growth === growth)?.days ?? null;
    const [twice, thrice] = [after(2), after(3)];
    const grows =
        twice === null
            ? thrice === null
                ? "Twice as many do not bring it back within a year. So many in one day do:"
                : `Three times as many bring it back in about ${counted(thrice, "day")}, or`
            : `Twice as many bring it back in about ${counted(twice, "day")}` +
              (thrice === null ? ", or" : `, three times as many in about ${count(thrice)}, or`);
    return (
        `Comes back when clearly more people a day say it than in the ${counted(baseline_days, "day")} before: ` +
        `${rate(usual_a_day)}. ${grows} ${counted(target, "person", "people")} today alone. Today it was ${count(today)}.`
    );
}

/** Says when a count is reached, and when it would have been. */
export function backAfter(by: NonNullable<Preview["count"]>, today = day(Date.now())): string {
    const what = by.counted === "contacts" ? "different people" : "more";
    if (!by.reached_on) return `${count(by.target)} ${what} take more than a year.`;
    const days = daysBetween(today, by.reached_on);
    const long = days <= 21 ? counted(days, "day") : counted(Math.round(days / 7), "week");
    return `${count(by.target)} ${what} take about ${long}, until ${date(by.reached_on)}.`;
}

/** Says in which state an insight would be that a merge or a split makes. */
export function previewState(made: Schema<"Preview">["insights"][number]): string {
    if (made.archived_at) {
        if (made.archive_policy === "forever") return "It is archived for good.";
        const { resurface_current: current, resurface_target: target } = made;
        const near = current === null || target === null ? "" : `: back at ${count(target)}, ${count(current)} so far`;
        return `It is archived${near}.`;
    }
    return made.resolved_at ? "It is resolved." : "It is unresolved.";
}

/** Says how near an archived insight is to coming back. */
export function nearness({ archive_policy, resurface_progress }: Insight): string {
    if (archive_policy === "forever") return "It does not come back";
    if (!resurface_progress) return "It comes back by itself";
    const { current, target } = resurface_progress;
    return archive_policy === "until_escalating"
        ? `Back at ${count(target)} a day · ${count(current)} today`
        : `Back at ${count(target)} more · ${count(current)} so far`;
}
