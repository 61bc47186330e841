/** Decisions about which insights a conversation counts for: shown at once, undone as one. */

import type { InfiniteData } from "@tanstack/svelte-query";
import { api } from "../../api/client";
import { decisions } from "../../decide.svelte";
import { inTurn, operation, place } from "../../insight_decisions";
import { layer, type Layer } from "../../layers.svelte";
import { shorten } from "../../words/texts";
import type { Findings } from "./thread";

/** An insight as it is named in what the page says. */
export interface Named {
    id: string;
    insight_number: number;
    content: string;
}

/** Takes an insight away from the statements of a conversation as they are shown. */
const hidden = (session: string, insight: Named): Layer[] => [
    layer<InfiniteData<Findings>>(["session", session, "findings"], (data) => ({
        ...data,
        pages: data.pages.map((page) => ({
            ...page,
            statements: page.statements.map((statement) => ({
                ...statement,
                insights: statement.insights.filter(({ id }) => id !== insight.id),
            })),
        })),
    })),
];

const named = ({ insight_number, content }: Named) => `#${insight_number}, ${shorten(content, 40)}`;

/** Says that a conversation does not belong to an insight. */
export function exclude(session: string, insight: Named) {
    return decisions.decide({
        says: `Not counted for ${named(insight)}`,
        shows: hidden(session, insight),
        send: () => place(insight.id, session, false),
    });
}

/** Says that a conversation belongs to the insight that a statement is nearest to. */
export function include(session: string, insight: Named) {
    return decisions.decide({
        says: `Counted for ${named(insight)}`,
        send: () => place(insight.id, session, true),
    });
}

/** Says that a conversation belongs to another insight than the one it counts for. */
export function move(session: string, from: Named, into: Named) {
    return decisions.decide({
        says: `Moved to ${named(into)}`,
        shows: hidden(session, from),
        send: inTurn([() => place(into.id, session, true), () => place(from.id, session, false)]),
    });
}

/** Leaves it to the grouping again whether a conversation belongs to an insight. */
export function withdraw(session: string, insight: Named) {
    const path = { id: insight.id, session_id: session };
    return decisions.decide({
        says: `Left to the grouping: ${named(insight)}`,
        send: () => operation(api.DELETE("/insights/{id}/sessions/{session_id}", { params: { path } })),
    });
}
