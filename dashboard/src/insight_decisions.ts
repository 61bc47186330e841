/** Decisions about insights, one or many: shown in every list at once, and undone as one. */

import type { InfiniteData } from "@tanstack/svelte-query";
import { answered, api, ApiError, type Schema } from "./api/client";
import { decisions, operationOf } from "./decide.svelte";
import type { FilterInput } from "./filter";
import { layer, type Layer } from "./layers.svelte";
import { member } from "./member.svelte";
import { counted } from "./words/numbers";

/** An insight as the API shows it. */
export type Insight = Schema<"PublicInsight">;
/** What an insight is, for lists. */
export type Status = "unresolved" | "archived" | "resolved";

type Rows = Schema<"Rows">;
type Change = (insight: Insight) => Insight;

/** Returns whether an insight is unresolved, archived or resolved. */
export function statusOf(insight: Pick<Insight, "archived_at" | "resolved_at">): Status {
    if (insight.archived_at) return "archived";
    return insight.resolved_at ? "resolved" : "unresolved";
}

/** The most insights of one decision. */
const IDS_MAX = 1_000;

/** Returns what sends a decision about some insights. Sent again it is the same decision, with the same operation. */
function bulk(ids: string[], input: Omit<Schema<"BulkInput">, "insight_ids" | "dry_run">) {
    const body = { ...input, insight_ids: ids.slice(0, IDS_MAX), dry_run: false };
    const headers = { "idempotency-key": [...crypto.getRandomValues(new Uint32Array(4))].join("-") };
    return async () => (await answered(api.POST("/insights/bulk", { body, headers }))).operation_id;
}

/** Sends a call about one insight. Returns its operation. */
export async function operation<T>(
    call: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<string | null> {
    let id: string | null = null;
    await answered(
        call.then((answer) => {
            id = operationOf(answer.response);
            return answer;
        }),
    );
    return id;
}

const asked = (filter: FilterInput | undefined): Status[] | null => {
    const status = filter?.status;
    return !status?.length || status.includes("all") ? null : (status as Status[]);
};

/** Changes insights wherever they are shown; those that a list does not ask for any more leave it. */
function changed(ids: string[], change: Change): Layer[] {
    const chosen = new Set(ids);
    return [
        layer<InfiniteData<Rows>>(["insights", "rows"], (data, key) => {
            const statuses = asked((key[2] as { filter?: FilterInput }).filter);
            return changedRows(data, chosen, statuses, change);
        }),
        ...ids.map((id) => layer<Insight>(["insight", id, "itself"], change)),
    ];
}

function changedRows(
    data: InfiniteData<Rows>,
    chosen: Set<string>,
    statuses: Status[] | null,
    change: Change,
): InfiniteData<Rows> {
    let left = 0;
    const by_status = { ...data.pages[0]!.by_status };
    const pages = data.pages.map((page) => {
        // a page without any of them stays the one it is, so that nothing of it is compared or drawn again
        if (!page.items.some(({ insight }) => chosen.has(insight.id))) return page;
        const items = page.items.flatMap((row) => {
            if (!chosen.has(row.insight.id)) return [row];
            const insight = change(row.insight);
            by_status[statusOf(row.insight)]--;
            by_status[statusOf(insight)]++;
            if (statuses && !statuses.includes(statusOf(insight))) return (left++, []);
            return [{ ...row, insight, movement: statusOf(insight) === "unresolved" ? row.movement : [] }];
        });
        return { ...page, items };
    });
    const [first, ...rest] = pages;
    return { ...data, pages: [{ ...first!, by_status, insights: first!.insights - left }, ...rest] };
}

const said = (ids: string[], did: string) => `${counted(ids.length, "insight")} ${did}`;
const now = () => new Date().toISOString();
const who = () => ({ name: member.me.name, avatar_url: member.me.avatar_url });

/** Says that insights are dealt with. */
export function resolve(ids: string[]) {
    const resolved = { resolved_at: now(), resolved_by: who() };
    return decisions.decide({
        says: said(ids, "resolved"),
        shows: changed(ids, (insight) => ({ ...insight, ...resolved })),
        send: bulk(ids, { decision: "resolve" }),
    });
}

/** Says that resolved insights are not dealt with. */
export function reopen(ids: string[]) {
    return decisions.decide({
        says: said(ids, "reopened"),
        shows: changed(ids, (insight) => ({ ...insight, resolved_at: null, resolved_by: null })),
        send: bulk(ids, { decision: "reopen" }),
    });
}

const UNTIL: Record<Schema<"ArchiveInput">["policy"], string> = {
    until_escalating: "archived until they escalate",
    until_count: "archived until a count",
    forever: "archived forever",
};

/** Puts insights out of the way. */
export function archive(ids: string[], how: Schema<"ArchiveInput">) {
    const archived = {
        archived_at: now(),
        archived_by: { ...who(), reason: how.reason ?? null },
        archive_policy: how.policy,
        resurface_progress: null,
    };
    const until = UNTIL[how.policy];
    return decisions.decide({
        says: said(ids, ids.length === 1 ? until.replace("they escalate", "it escalates") : until),
        shows: changed(ids, (insight) => ({ ...insight, ...archived })),
        send: bulk(ids, { decision: "archive", archive: how }),
    });
}

/** Takes insights out of the archive. */
export function restore(ids: string[]) {
    const restored = { archived_at: null, archived_by: null, archive_policy: null, resurface_progress: null };
    return decisions.decide({
        says: said(ids, "restored"),
        shows: changed(ids, (insight) => ({ ...insight, ...restored })),
        send: bulk(ids, { decision: "restore" }),
    });
}

/** Gives insights to a team, or to none. */
export function assign(ids: string[], team: Insight["team"]) {
    return decisions.decide({
        says: said(ids, team ? `assigned to ${team.name}` : "without a team"),
        shows: changed(ids, (insight) => ({ ...insight, team })),
        send: bulk(ids, { decision: "assign", assign: { team_id: team?.id ?? null } }),
    });
}

/** Puts insights into a category, or into none. */
export function categorize(ids: string[], category: Insight["category"]) {
    return decisions.decide({
        says: said(ids, category ? `moved to ${category.name}` : "without a category"),
        shows: changed(ids, (insight) => ({ ...insight, category })),
        send: bulk(ids, { decision: "assign", assign: { category_id: category?.id ?? null } }),
    });
}

/** Merges insights into one. */
export function merge(into: string, ids: string[]) {
    const path = { params: { path: { id: into } } };
    return decisions.decide({
        says: `${counted(ids.length + 1, "insight")} merged`,
        send: () => operation(api.POST("/insights/{id}/merge", { ...path, body: { insight_ids: ids } })),
    });
}

/** Changes the sentence of an insight. */
export function reword(id: string, content: string) {
    return decisions.decide({
        says: "The sentence is changed",
        shows: changed([id], (insight) => ({ ...insight, content })),
        send: () => operation(api.PATCH("/insights/{id}", { params: { path: { id } }, body: { content } })),
    });
}

const undo = (id: string) => answered(api.POST("/operations/{id}/undo", { params: { path: { id } } }));

/**
 * Sends calls one after the other; sent again, it goes on where there was no answer. All of them or none: where one is
 * refused, those before it are taken back. Returns their operations.
 */
export function inTurn(calls: (() => Promise<string | null>)[], takeBack: (id: string) => Promise<unknown> = undo) {
    const done: (string | null)[] = [];
    let refusal: unknown = null;
    return async (): Promise<string[]> => {
        try {
            if (!refusal) for (const call of calls.slice(done.length)) done.push(await call());
        } catch (error) {
            if (error instanceof ApiError && error.isPassing) throw error;
            refusal = error;
        }
        if (!refusal) return done.filter((operation) => operation !== null);
        while (done.length) {
            const last = done.at(-1);
            if (last) await takeBack(last);
            done.pop();
        }
        throw refusal;
    };
}

/** Says whether a session belongs to an insight. */
export function place(id: string, session_id: string, belongs: boolean) {
    const path = { id, session_id };
    return operation(api.PUT("/insights/{id}/sessions/{session_id}", { params: { path }, body: { belongs } }));
}

/** Says that sessions do not belong to an insight. */
export function takeOut(id: string, sessions: string[]) {
    return decisions.decide({
        says: `${counted(sessions.length, "conversation is", "conversations are")} not counted here`,
        shows: hidden(id, sessions),
        send: inTurn(sessions.map((session) => () => place(id, session, false))),
    });
}

/** Makes an insight of its own of some sessions of one. */
export function split(id: string, sessions: string[], content: string | undefined) {
    return decisions.decide({
        says: `${counted(sessions.length, "conversation")} split off`,
        shows: hidden(id, sessions),
        send: () =>
            operation(
                api.POST("/insights/{id}/split", {
                    params: { path: { id } },
                    body: { session_ids: sessions, ...(content ? { content } : {}) },
                }),
            ),
    });
}

type Sessions = Schema<"ListInsightSessionsOutput">;

/** Takes sessions out of the lists of an insight. */
function hidden(id: string, sessions: string[]): Layer[] {
    const gone = new Set(sessions);
    return [
        layer<InfiniteData<Sessions>>(["insight", id, "sessions"], (data) => {
            const found = data.pages.flatMap(({ items }) => items).filter(({ session_id }) => gone.has(session_id));
            const pages = data.pages.map((page) => {
                const items = page.items.filter(({ session_id }) => !gone.has(session_id));
                return { ...page, items, total: page.total - found.length };
            });
            return { ...data, pages };
        }),
    ];
}
