/** What can be done with what is in focus, for the palette. */

import { untrack } from "svelte";
import type { IconName } from "./components/icons";

export interface PaletteAction {
    name: string;
    icon: IconName;
    /** The key that does the same. */
    hint?: string;
    run: () => void;
}

/** Actions with one thing, such as `#34 “Meine Karte…”`. */
export interface FocusActions {
    /** What they are done with. */
    about: string;
    actions: PaletteAction[];
}

class PaletteActions {
    /** What is in focus, the newest last. */
    known = $state.raw<FocusActions[]>([]);

    /** Has actions known until the returned function is called. */
    add(focus: FocusActions): () => void {
        untrack(() => (this.known = [...this.known, focus]));
        return () => untrack(() => (this.known = this.known.filter((other) => other !== focus)));
    }
}

/** The actions with what is in focus. */
export const paletteActions = new PaletteActions();
