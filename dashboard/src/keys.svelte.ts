/** Keys that do something. */

import { untrack } from "svelte";

/** A key, and what it does while the page that knows it is shown. */
export interface Shortcut {
    /** The key as the browser names it, with `Shift+`, `Mod+` (Ctrl or ⌘) before; two keys one after the other with a blank. */
    keys: string;
    /** What it does, for the list of keys. */
    does: string;
    /** Where it stands in the list of keys. */
    group: "Everywhere" | "Lists" | "Insight" | "Workbench";
    run: (event: KeyboardEvent) => void;
}

const OFF = "refrain.keys-off";

const isMac = /Mac|iP/.test(navigator.userAgent);

/** The keys of a shortcut as they are written on the keyboard of who looks. */
export const keyLabel = (keys: string) =>
    keys.replace("Mod+", isMac ? "⌘ " : "Ctrl ").replace("Shift+", "⇧ ");

class Shortcuts {
    /** The shortcuts that are known now; a later one goes before an earlier one of the same keys. */
    known = $state.raw<Shortcut[]>([]);
    /** The keys that the member has turned off, in this browser. */
    off = $state.raw<string[]>(JSON.parse(localStorage.getItem(OFF) ?? "[]") as string[]);
    /** The first of two keys, while the second is waited for. */
    #first: string | null = null;
    #timer: ReturnType<typeof setTimeout> | undefined;

    constructor() {
        addEventListener("keydown", (event) => this.#hear(event));
    }

    /** Has shortcuts known until the returned function is called. */
    add(shortcuts: Shortcut[]): () => void {
        // whoever adds some in an effect does not wait for those of others
        untrack(() => (this.known = [...this.known, ...shortcuts]));
        return () => untrack(() => (this.known = this.known.filter((shortcut) => !shortcuts.includes(shortcut))));
    }

    /** Turns keys off or on. */
    turn(keys: string, on: boolean) {
        this.off = on ? this.off.filter((other) => other !== keys) : [...this.off, keys];
        localStorage.setItem(OFF, JSON.stringify(this.off));
    }

    #hear(event: KeyboardEvent) {
        if (event.isComposing || event.defaultPrevented || event.altKey) return;
        const mod = event.ctrlKey || event.metaKey;
        const target = event.target as HTMLElement;
        const isField =
            target.isContentEditable ||
            (/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) &&
                !/^(checkbox|radio|button)$/.test((target as HTMLInputElement).type));
        // a field keeps its own, such as Ctrl A; only the palette is to be had from anywhere
        const isJump = mod && event.key.toLowerCase() === "k";
        if (isField && !isJump) return;
        if (
            target.closest("[role=menu], [role=listbox]") ||
            (document.querySelector(
                "[role=dialog]:not([data-state=closed]), [role=alertdialog]:not([data-state=closed])",
            ) &&
                !isJump)
        )
            return;
        // Enter and the blank do what a button or a link does that has the focus
        if (/^(Enter| )$/.test(event.key) && target.closest("a[href], button, summary, input")) return;
        const named = event.key.length === 1 ? event.key.toUpperCase() : event.key;
        const isLetter = /^\p{L}$/u.test(named);
        const key = (mod ? "Mod+" : "") + (event.shiftKey && (isLetter || named.length > 1) ? "Shift+" : "") + named;
        const both = this.#first && `${this.#first} ${key}`;
        this.#first = null;
        clearTimeout(this.#timer);
        const find = (keys: string) => this.known.findLast((known) => known.keys === keys && !this.off.includes(keys));
        const shortcut = (both && find(both)) || find(key);
        if (shortcut) {
            event.preventDefault();
            shortcut.run(event);
        } else if (this.known.some((known) => known.keys.startsWith(`${key} `))) {
            this.#first = key;
            this.#timer = setTimeout(() => (this.#first = null), 1_500);
        }
    }
}

/** The keys of what is shown. */
export const shortcuts = new Shortcuts();
