/** What can be done with insights of the stream. */

import * as insights from "../../insight_decisions";
import type { Row } from "./lines";

/** What the keys, the bar of a selection and the palette do. */
export interface Actions {
    /** What applies to the insights that are meant. */
    can: { resolve: boolean; reopen: boolean; archive: boolean; restore: boolean; merge: boolean };
    resolve: () => void;
    reopen: () => void;
    archive: () => void;
    restore: () => void;
    assign: (team: { id: string; name: string } | null) => void;
    categorize: (category: { id: string; name: string; description: string | null } | null) => void;
    merge: () => void;
}

/** Returns what can be done with insights; those that are not loaded are taken to be as the list asks for. */
export function actionsOn(
    ids: string[],
    rows: Map<string, Row>,
    listed: insights.Status | "all",
    open: { archive: () => void; merge: () => void },
): Actions {
    const has = (status: insights.Status) =>
        ids.some((id) => {
            const row = rows.get(id);
            return row ? insights.statusOf(row.insight) === status : listed === status || listed === "all";
        });
    const can = {
        resolve: has("unresolved"),
        reopen: has("resolved"),
        archive: has("unresolved") || has("archived"),
        restore: has("archived"),
        merge: ids.length > 1 && ids.every((id) => rows.has(id)),
    };
    const doing = (may: boolean, run: () => unknown) => () => void (may && run());
    return {
        can,
        resolve: doing(can.resolve, () => insights.resolve(ids)),
        reopen: doing(can.reopen, () => insights.reopen(ids)),
        archive: doing(can.archive, open.archive),
        restore: doing(can.restore, () => insights.restore(ids)),
        assign: (team) => void insights.assign(ids, team),
        categorize: (category) => void insights.categorize(ids, category),
        merge: doing(can.merge, open.merge),
    };
}
