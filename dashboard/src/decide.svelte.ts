/** Decisions: shown at once, sent until the server has answered, taken back where it refuses, undone by one key. */

import type { QueryClient } from "@tanstack/svelte-query";
import { ApiError, answered, api } from "./api/client";
import { layers, type Layer } from "./layers.svelte";
import { counted } from "./words/numbers";

/** A decision about some insights. */
export interface Decision {
    /** What happened, in words, such as "3 insights archived". */
    says: string;
    /** Sends it. Returns the ids of the operations by which it is undone, in their order; none if nothing changed. */
    send: () => Promise<string | string[] | null>;
    /** What it changes of what is shown, before the server has taken it. */
    shows?: Layer[];
}

/** A change of how something is set up, which the server knows no operation for. */
export interface SetupChange<T> {
    /** What happened, in words, such as "The time zone is Europe/London". */
    says: string;
    /** Sends it. Sent twice it has the same outcome as once, but for what is made. */
    send: () => Promise<T>;
    /** True for what would be there twice if it were sent again: without an answer nobody knows whether it is there. */
    makes?: boolean;
    /** Sets back what was, by what the server answered; absent where nothing can. Sent twice it has the same outcome as once. */
    back?: (answer: T) => Promise<unknown>;
    /** The first words of the keys of queries that show it. */
    reads: string[];
}

/** What the page says about a decision. */
export interface Notice {
    id: number;
    text: string;
    /** The operation that Undo takes back. */
    operation: string | null;
    /** True for what did not happen. */
    failed: boolean;
    action?: { name: string; run: () => void };
}

/** What can be undone: an operation, or a change under a name of the page's own. */
interface Undoable {
    operation: string;
    /** Operations before it that are undone with it. */
    before?: string[];
    says: string;
    change?: Undo;
}

/** A decision that is not answered yet. */
interface Waiting {
    decision: Decision;
    /** True once it may have reached the server. */
    isSent: boolean;
    /** True if it was undone meanwhile. */
    isUndone: boolean;
}

/** What takes back a change of how something is set up. */
type Undo = Pick<SetupChange<unknown>, "says" | "reads"> & { back: () => Promise<unknown> };

/** The milliseconds that a notice stays. */
const SHOWN_FOR = 10_000;
/** The most decisions that wait for a server that does not answer. */
const WAITING_MAX = 100;
/** The milliseconds within which what was undone is grouped again. */
const LINKED_WITHIN = 4_000;
const FIRST_WAIT = 1_000;
const WAIT_MAX = 15_000;

class Decisions {
    /** What the page says, the newest last. */
    notices = $state.raw<Notice[]>([]);
    /** The decisions that are not answered yet. */
    waiting = $state(0);
    /** When a decision that got no answer is sent again; null while the server answers. */
    nextTry = $state<number | null>(null);
    /** The client of the queries that decisions change. */
    queries!: QueryClient;
    /** The operations that can be undone, the newest last. */
    #undoable = $state.raw<Undoable[]>([]);
    #line: Promise<unknown> = Promise.resolve();
    /** The decisions of the line, in their order. */
    #inLine: Waiting[] = [];
    /** What the server has taken, and what is not read from it yet. */
    #taken: Layer[] = [];
    #wakes = new Set<() => void>();
    #number = 0;

    /** Decides. Decisions are sent one after the other, in their order. Resolves to true once the server has taken it. */
    decide(decision: Decision): Promise<boolean> {
        if (this.waiting >= WAITING_MAX) {
            this.say({ text: "Too many decisions wait for the server. This one was not taken.", failed: true });
            return Promise.resolve(false);
        }
        const waiting = { decision, isSent: false, isUndone: false };
        this.#inLine.push(waiting);
        layers.add(decision.shows ?? []);
        return this.#inOrder(() => this.#settle(waiting));
    }

    /** Does something once all before it is done. */
    #inOrder<T>(run: () => Promise<T>): Promise<T> {
        this.waiting++;
        const done = this.#line.then(run);
        this.#line = done.finally(() => {
            this.waiting--;
            // what was shown in advance is read from the server once nothing else waits
            if (this.waiting === 0) void this.#readTaken();
        });
        return done;
    }

    async #settle(waiting: Waiting): Promise<boolean> {
        const { says, send, shows = [] } = waiting.decision;
        try {
            // what was undone before it was sent never happens
            if (waiting.isUndone) return false;
            waiting.isSent = true;
            const { answer } = await this.#patiently(send);
            const before = [answer ?? []].flat();
            if (waiting.isUndone) {
                if (before.length) await this.#undo(before.reverse(), says);
                return false;
            }
            this.#taken.push(...shows);
            const operation = before.pop() ?? null;
            if (operation) this.#remember({ operation, before, says });
            this.say({ text: operation ? says : "Nothing changed: it was so already.", operation });
            return true;
        } catch (error) {
            layers.remove(shows);
            const isUnsure = error instanceof ApiError && error.isUnsure;
            const how = isUnsure ? "not done now, but maybe before: the first answer was lost." : "not done.";
            this.say({ text: `${says.replace(/\.$/, "")}: ${how} ${reason(error)}`, failed: true });
            return false;
        } finally {
            this.#inLine = this.#inLine.filter((other) => other !== waiting);
        }
    }

    /** Has what was taken read from the server, and shows it as taken until then. */
    async #readTaken() {
        const taken = this.#taken;
        this.#taken = [];
        layers.keep(this.queries, taken);
        await this.#read();
        layers.remove(taken);
    }

    /** Changes how something is set up. Rejects where the server refuses, so that it can be said beside the field. */
    async change<T>(change: SetupChange<T>): Promise<T> {
        try {
            const answer = await (change.makes ? change.send() : this.quietly(change.send));
            const { says, reads, back } = change;
            const operation = back ? `change ${++this.#number}` : null;
            if (back && operation)
                this.#remember({ operation, says, change: { says, reads, back: () => back(answer) } });
            this.say({ text: says, operation });
            return answer;
        } finally {
            void this.#read(change.reads);
        }
    }

    /** Sends something that is said elsewhere, until there is an answer. Sent twice it has the same outcome as once. */
    async quietly<T>(send: () => Promise<T>): Promise<T> {
        this.waiting++;
        try {
            return (await this.#patiently(send)).answer;
        } finally {
            this.waiting--;
        }
    }

    /** Undoes the newest decision, or the one of an operation. */
    undo(operation?: string) {
        const waiting = operation ? undefined : this.#inLine.findLast(({ isUndone }) => !isUndone);
        if (waiting) return this.#undoWaiting(waiting);
        const at = operation
            ? this.#undoable.findIndex((other) => other.operation === operation)
            : this.#undoable.length - 1;
        const undone = at < 0 ? undefined : this.#undoable[at];
        this.#undoable = this.#undoable.filter((other) => other !== undone);
        const id = undone?.operation ?? operation;
        if (!id) return this.say({ text: "There is nothing to undo." });
        this.notices = this.notices.filter((notice) => notice.operation !== id);
        const operations = [...(undone?.before ?? []), id].reverse();
        void this.#inOrder(() =>
            undone?.change ? this.#setBack(undone.change) : this.#undo(operations, undone?.says ?? ""),
        );
    }

    /** Takes back a decision that is not answered: one that may have reached the server is undone there once it is. */
    #undoWaiting(waiting: Waiting) {
        waiting.isUndone = true;
        layers.remove(waiting.decision.shows ?? []);
        if (!waiting.isSent) this.say({ text: `Undone: ${waiting.decision.says}` });
    }

    async #setBack({ says, back, reads }: Undo) {
        try {
            await this.#patiently(back);
            this.say({ text: `Undone: ${says}` });
        } catch (error) {
            this.say({ text: `Not undone. ${reason(error)}`, failed: true });
        }
        void this.#read(reads);
    }

    async #undo(operations: string[], says: string) {
        try {
            const undone: unknown[] = [];
            const left: unknown[] = [];
            for (const id of operations) {
                const undoing = () => answered(api.POST("/operations/{id}/undo", { params: { path: { id } } }));
                const { answer, isRepeated } = await this.#patiently(undoing);
                undone.push(...answer.undone);
                // what the first attempt undid, whose answer was lost, has happened since for the second
                if (!isRepeated || answer.undone.length) left.push(...answer.left);
            }
            const rest = left.length ? `, ${counted(left.length, "insight")} left: something happened since` : "";
            const isUndone = undone.length > 0 || !left.length;
            this.say({
                text: isUndone ? `Undone: ${says || "the decision"}${rest}` : `Not undone${rest}`,
                failed: !isUndone,
            });
        } catch (error) {
            this.say({ text: `Not undone. ${reason(error)}`, failed: true });
        }
        // a session that is left to the grouping again is linked a moment later
        setTimeout(() => void this.#read(), LINKED_WITHIN);
    }

    /** The change of the setup that the next undo takes back, if it is one. */
    get newestChange(): Undo | undefined {
        return this.#undoable.at(-1)?.change;
    }

    #remember(undoable: Undoable) {
        this.#undoable = [...this.#undoable, undoable];
    }

    /** Says something for a while. */
    say(notice: Partial<Notice> & { text: string }) {
        const id = ++this.#number;
        this.notices = [...this.notices.slice(-2), { operation: null, failed: false, ...notice, id }];
        setTimeout(() => this.hush(id), SHOWN_FOR);
    }

    /** Takes a notice away. */
    hush(id: number) {
        this.notices = this.notices.filter((notice) => notice.id !== id);
    }

    /** Sends again what waits, at once. */
    tryNow() {
        for (const wake of this.#wakes) wake();
    }

    /** Sends until there is an answer that is one. What is sent twice has the same outcome as once. */
    async #patiently<T>(send: () => Promise<T>): Promise<{ answer: T; isRepeated: boolean }> {
        let isRepeated = false;
        let isHurried = false;
        for (let wait = FIRST_WAIT; ; wait = Math.min(2 * wait, WAIT_MAX)) {
            try {
                const answer = await send();
                this.nextTry = null;
                return { answer, isRepeated };
            } catch (error) {
                if (!(error instanceof ApiError) || !error.isPassing) {
                    this.nextTry = null;
                    if (error instanceof ApiError) error.isUnsure = isRepeated;
                    throw error;
                }
                isRepeated ||= error.isUnanswered;
                const pause = error.retryAfter ? Math.min(error.retryAfter * 1_000, 10_000) : wait;
                // to have been too quick once is nothing to be told of
                this.nextTry = error.status === 429 && !isHurried ? null : Date.now() + pause;
                isHurried ||= error.status === 429;
                await this.#pause(pause);
            }
        }
    }

    #pause(milliseconds: number): Promise<void> {
        return new Promise((resolve) => {
            const wake = () => {
                clearTimeout(timer);
                this.#wakes.delete(wake);
                resolve();
            };
            const timer = setTimeout(wake, milliseconds);
            this.#wakes.add(wake);
        });
    }

    /** Reads anew what decisions change; what is being read was asked for before them. */
    async #read(keys = ["insights", "insight", "overview", "views", "sessions", "session"]) {
        const each = (does: (filter: { queryKey: string[] }) => Promise<void>) =>
            Promise.all(keys.map((key) => does({ queryKey: [key] })));
        await each((filter) => this.queries.cancelQueries(filter));
        await each((filter) => this.queries.invalidateQueries(filter));
    }
}

/** Says why something was refused. */
export function reason(error: unknown): string {
    if (!(error instanceof ApiError)) return "This part of the page failed.";
    if (error.status === 409 && error.message.startsWith("if-match")) return "Somebody decided about it meanwhile.";
    // the name of the member that it is about stands before it, which says nothing to people
    const message = error.message.replace(/^[\w.[\]]+: /, "");
    return message.charAt(0).toUpperCase() + message.slice(1);
}

/** The decisions of this page. */
export const decisions = new Decisions();

/** Returns the operation that an answer names. */
export function operationOf(response: Response): string | null {
    return response.headers.get("operation-id");
}
