/** Decisions about which insights a conversation counts for: shown at once, undone as one. */

import type { InfiniteData } from "@tanstack/svelte-query";
import { api } from "../../api/client";
import { decisions } from "../../decide.svelte";
import { operation } from "../../insight_decisions";
import { layer, type Layer } from "../../layers.svelte";
import { shorten } from "../../words/texts";
import type { Findings, Statement } from "./thread";

interface Named {
    id: string;
    insight_number: number;
    content: string;
}

/** Changes the statements of a conversation as they are shown. */
function changed(session: string, change: (statement: Statement) => Statement): Layer[] {
    return [
        layer<InfiniteData<Findings>>(["session", session, "findings"], (data) => ({
            ...data,
            pages: data.pages.map((page) => ({ ...page, statements: page.statements.map(change) })),
        })),
    ];
}

const named = ({ insight_number, content }: Named) => `#${insight_number}, ${shorten(content, 40)}`;

/** Says that a conversation does not belong to an insight. */
export function exclude(session: string, insight: Named) {
    const path = { id: insight.id, session_id: session };
    return decisions.decide({
        says: `Not counted for ${named(insight)}`,
        shows: changed(session, (statement) => ({
            ...statement,
            insights: statement.insights.filter(({ id }) => id !== insight.id),
        })),
        send: () =>
            operation(api.PUT("/insights/{id}/sessions/{session_id}", { params: { path }, body: { belongs: false } })),
    });
}

/** Says that a conversation belongs to the insight that a statement is nearest to. */
export function include(session: string, insight: Named) {
    const path = { id: insight.id, session_id: session };
    return decisions.decide({
        says: `Counted for ${named(insight)}`,
        send: () =>
            operation(api.PUT("/insights/{id}/sessions/{session_id}", { params: { path }, body: { belongs: true } })),
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
