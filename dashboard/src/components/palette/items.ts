/** What the palette offers: each item leads somewhere or does something. */

import { address, to } from "../../address.svelte";
import type { Schema } from "../../api/client";
import { match } from "../../fuzzy";
import { GROUPS as SETTINGS } from "../../pages/settings/parts";
import { viewParams } from "../../views";
import { count } from "../../words/numbers";
import type { IconName } from "../icons";

export interface Item {
    id: string;
    name: string;
    icon: IconName;
    /** What stands behind the name. */
    aside?: string;
    /** What stands at the end of the row. */
    end?: string;
    hint?: string;
    /** Where it leads, so that it can be opened in another tab. */
    href?: string;
    run: () => void;
    /** Places of the name in code points that fit what was typed. */
    places?: { start: number; end: number }[];
    score?: number;
    /** What makes it likelier than another that fits as well. */
    weight?: number;
}

/** Some items under a heading. */
export interface Group {
    name: string;
    items: Item[];
}

/** Returns the id of the element that shows an item. */
export const optionId = (item: Item) => `palette-${item.id.replace(/\s/g, "-")}`;

/** Makes an item that leads to a page. */
export const goes = (id: string, name: string, icon: IconName, path: string, rest: Partial<Item> = {}): Item => ({
    id,
    name,
    icon,
    href: path,
    run: () => address.go(path.slice("/app".length)),
    ...rest,
});

export const insightItem = (insight: Schema<"PublicInsight">) =>
    goes(`insight ${insight.id}`, insight.content, "insights", to(`/insights/${insight.id}`), {
        aside: `#${insight.insight_number}`,
        end: count(insight.occurrence_count),
        weight: Math.log10(1 + insight.occurrence_count),
    });

export function conversationItem({ session, matches }: Schema<"ChatSessionQueryOutput">["items"][number]): Item {
    const [first] = matches;
    return goes(
        `session ${session.id}`,
        first ? first.excerpt : `Conversation #${session.ticket_number}`,
        "chat",
        to(`/conversations/${session.id}`),
        { aside: first ? `#${session.ticket_number}` : undefined, places: first?.places },
    );
}

export const viewItem = (view: Schema<"View">) =>
    goes(`view ${view.id}`, view.name, "view", to("/insights", viewParams(view)), {
        end: view.insights === null ? undefined : count(view.insights),
    });

export const categoryItem = ({ id, name }: { id: string; name: string }) =>
    goes(`category ${id}`, `Settings, Categories, ${name}`, "tag", to("/settings/categories"));

/** The pages, and the parts of the settings. */
export const PAGES: Item[] = [
    goes("page insights", "Insights", "insights", to("/insights"), { hint: "G I" }),
    goes("page conversations", "Conversations", "chat", to("/conversations"), { hint: "G C" }),
    goes("page overview", "Overview", "overview", to("/overview"), { hint: "G O" }),
    goes("page workbench", "Workbench", "workbench", to("/workbench"), { hint: "G W" }),
    goes("page audit", "Workbench, Audit", "workbench", to("/workbench/audit")),
    goes("page near", "Workbench, Near-duplicates", "merge", to("/workbench/near-duplicates")),
    goes("page settings", "Settings", "settings", to("/settings"), { hint: "G S" }),
    ...SETTINGS.flatMap(({ parts }) =>
        parts.map((part) =>
            goes(`settings ${part.noun}`, `Settings, ${part.name}`, part.icon, to(`/settings/${part.noun}`)),
        ),
    ),
];
/** Keeps what fits the words, the best first. */
export function ranked(words: string, items: Item[], most: number): Item[] {
    const found: Item[] = [];
    for (const item of items) {
        const fits = match(words, item.name);
        if (fits) found.push({ ...item, places: fits.places, score: fits.score + (item.weight ?? 0) });
    }
    return found.sort((a, b) => b.score! - a.score!).slice(0, most);
}
