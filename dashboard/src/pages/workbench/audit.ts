/** What the judged pairs of an audit say of single insights. */

import type { Schema } from "../../api/client";

type Wrong = Schema<"AuditResult">["wrong"][number];
export type Answer = Schema<"JudgeInput">["answer"];

/** An insight, or two, about which judgments say that the grouping erred. */
export interface Erred {
    /** The numbers: of one insight that mixes things, or of two that are one thing. */
    insights: number[];
    pairs: number;
}

/** Counts the wrong pairs by the insights that they speak of: those to split, and those to merge. The most come first. */
export function erred(wrong: Wrong[]): { split: Erred[]; merge: Erred[] } {
    const split = new Map<string, Erred>();
    const merge = new Map<string, Erred>();
    for (const { same, insights } of wrong) {
        const numbers = [...new Set(insights.filter((number) => number !== null))].sort((a, b) => a - b);
        if (!numbers.length || (same && numbers.length < 2)) continue;
        const into = same ? merge : split;
        const key = numbers.join();
        into.set(key, { insights: numbers, pairs: (into.get(key)?.pairs ?? 0) + 1 });
    }
    const order = (all: Map<string, Erred>) => [...all.values()].sort((a, b) => b.pairs - a.pairs);
    return { split: order(split), merge: order(merge) };
}

/** Returns what the grouping made of a pair that was judged, and whether that was wrong; null while it is not known. */
export function madeOf(
    pair: { first: string; second: string; answer: Answer },
    wrong: Wrong[],
): { says: string; wrong: boolean; insights: number[] } | null {
    if (pair.answer === "unsure") return null;
    const found = wrong.find(({ texts }) => texts[0] === pair.first && texts[1] === pair.second);
    if (!found) {
        return { says: pair.answer === "same" ? "in one insight" : "not in one insight", wrong: false, insights: [] };
    }
    const insights = found.insights.filter((number) => number !== null);
    if (!found.same) return { says: `in one insight, #${insights[0]}`, wrong: true, insights: insights.slice(0, 1) };
    if (insights.length < 2)
        return { says: insights.length ? "one in no insight" : "in no insight", wrong: true, insights };
    return { says: `in #${insights[0]} and #${insights[1]}`, wrong: true, insights };
}
