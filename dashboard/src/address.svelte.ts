/** Where one is: the page and its parameters, in the address, but for words of a search. */

/** The beginning of all addresses of pages. */
export const BASE = "/app";

interface State {
    /** Words that somebody searches for: they may be a customer's, and an address is seen, logged and kept. */
    words?: string;
    /** How many steps were taken within the dashboard before this one. */
    depth?: number;
}

class Address {
    /** The path behind the base, such as `/insights/…`. */
    path = $state("");
    /** What follows the question mark. */
    params = $state.raw(new URLSearchParams());
    /** The words of a search. */
    words = $state("");
    #depth = 0;

    constructor() {
        this.#read();
        addEventListener("popstate", () => this.#read());
        addEventListener("click", (event) => this.#follow(event));
    }

    #read() {
        const state = (history.state ?? {}) as State;
        this.path = location.pathname.slice(BASE.length).replace(/\/+$/, "") || "/";
        this.params = new URLSearchParams(location.search);
        this.words = state.words ?? "";
        this.#depth = state.depth ?? 0;
    }

    /** The parts of the path: `/insights/7` has `insights` and `7`. */
    get parts(): string[] {
        return this.path.split("/").filter(Boolean).map(decodeURIComponent);
    }

    /** True before a step was taken within the dashboard. */
    get isFirst(): boolean {
        return this.#depth === 0;
    }

    /** Goes to a page, as a step of its own in the history. */
    go(to: string, words = "") {
        history.pushState({ words, depth: this.#depth + 1 } satisfies State, "", BASE + to);
        this.#read();
    }

    /** Changes the address without a step in the history. */
    replace(to: string, words = this.words) {
        history.replaceState({ words, depth: this.#depth } satisfies State, "", BASE + to);
        this.#read();
    }

    /** Changes parameters of this page; null takes one away. */
    set(changes: Record<string, string | null>, step = false) {
        const params = new URLSearchParams(this.params);
        for (const [name, value] of Object.entries(changes)) {
            if (value === null || value === "") params.delete(name);
            else params.set(name, value);
        }
        const to = withParams(this.path, params);
        if (step) this.go(to, this.words);
        else this.replace(to);
    }

    /** Goes back, or to `fallback` if one came here from elsewhere. */
    back(fallback: string) {
        if (this.#depth > 0) history.back();
        else this.go(fallback);
    }

    /** Follows links within the dashboard without loading it anew. */
    #follow(event: MouseEvent) {
        if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
        const link = (event.target as Element | null)?.closest?.("a");
        if (!link || link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
        if (!link.pathname.startsWith(`${BASE}/`)) return;
        event.preventDefault();
        this.go(link.pathname.slice(BASE.length) + link.search);
    }
}

/** Where one is. */
export const address = new Address();

/** Returns a path with parameters behind it, if there are any. */
export function withParams(path: string, params: URLSearchParams): string {
    return path + (params.size ? `?${params}` : "");
}

/** Returns the address of a page, as a link has it. */
export function to(path: string, params?: URLSearchParams | Record<string, string>): string {
    return BASE + withParams(path, new URLSearchParams(params));
}
