/** What can be done with what is in focus, for the palette. */

import { untrack } from "svelte";
import type { IconName } from "./components/icons";
import { statusOf, type Insight } from "./insight_decisions";
import { shorten } from "./words/texts";

export interface PaletteAction {
    name: string;
    icon: IconName;
    /** The key that does the same. */
    hint?: string;
    run: () => void;
}

/** What is in focus, and what can be done with it. */
export interface Focus {
    /** What it is, such as `#34 “Meine Karte…”`. */
    about: string;
    /** The insights that it is, which can be given to a team and a category too. */
    ids: string[];
    actions: PaletteAction[];
}

class PaletteFocus {
    /** What pages have in focus, the newest last; asked only once the palette is open. */
    known = $state.raw<(() => Focus | null)[]>([]);

    /** Has what is in focus known until the returned function is called. */
    add(focus: () => Focus | null): () => void {
        untrack(() => (this.known = [...this.known, focus]));
        return () => untrack(() => (this.known = this.known.filter((other) => other !== focus)));
    }

    get now(): Focus | null {
        return this.known.at(-1)?.() ?? null;
    }
}

/** What is in focus. */
export const paletteFocus = new PaletteFocus();

/** Returns insights as what is in focus: by its sentence if it is one. */
export function focusOn(
    ids: string[],
    insight: Insight | undefined,
    does: Record<"resolve" | "reopen" | "archive" | "restore", () => unknown>,
): Focus {
    const isOne = ids.length === 1 && insight !== undefined;
    const status = isOne ? statusOf(insight) : null;
    const action = (name: string, icon: IconName, hint: string, run: () => unknown): PaletteAction => ({
        name,
        icon,
        hint,
        run: () => void run(),
    });
    return {
        about: isOne ? `#${insight.insight_number} “${shorten(insight.content, 60)}”` : `${ids.length} insights`,
        ids,
        actions: [
            ...(status === "resolved" ? [] : [action("Resolve", "done", "R", does.resolve)]),
            ...(status === "unresolved" ? [] : [action("Reopen", "undo", "Shift+R", does.reopen)]),
            ...(status === "resolved" ? [] : [action("Archive", "archive", "E", does.archive)]),
            ...(status === "archived" || !isOne ? [action("Restore", "undo", "Shift+E", does.restore)] : []),
        ],
    };
}
