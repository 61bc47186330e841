/** Hears what changes on the server, and has the page read it anew. */

import type { QueryClient } from "@tanstack/svelte-query";

type Kind = "insight" | "session" | "contact" | "category" | "team" | "view" | "member" | "settings";

/** The first words of the keys of queries that show something of a kind. */
const READ_BY: Record<Kind, string[]> = {
    insight: ["insights", "insight", "overview", "session"],
    session: ["insights", "insight", "sessions", "session", "overview"],
    contact: ["sessions", "session"],
    category: ["categories", "insights", "insight"],
    team: ["teams", "insights", "insight"],
    view: ["views"],
    member: ["members"],
    settings: ["settings", "me"],
};

/** The milliseconds between two readings of what changes without end, as during an import. */
const PACE = 3_000;

/** Listens until the returned function is called. */
export function listenToChanges(queries: QueryClient): () => void {
    const source = new EventSource("/changes");
    const waiting = new Set<string>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const read = () => {
        timer = undefined;
        for (const key of waiting) void queries.invalidateQueries({ queryKey: [key] });
        waiting.clear();
    };
    source.addEventListener("changes", (event) => {
        const { changes } = JSON.parse(event.data) as { changes: { kind: Kind }[] };
        for (const { kind } of changes) for (const key of READ_BY[kind] ?? []) waiting.add(key);
        timer ??= setTimeout(read, document.hidden ? 10 * PACE : PACE);
    });
    source.addEventListener("reset", () => void queries.invalidateQueries());
    return () => {
        source.close();
        clearTimeout(timer);
    };
}
