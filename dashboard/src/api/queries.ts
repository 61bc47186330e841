/** What pages ask for, each under the key by which it is kept and read anew. */

import { infiniteQueryOptions, keepPreviousData, queryOptions, type InfiniteData } from "@tanstack/svelte-query";
import type { FilterInput } from "../filter";
import { layers } from "../layers.svelte";
import { firstRows } from "../pages/insights/asked";
import { answered, api, ifAny, setForgeryToken, type Schema } from "./client";

/** Who is signed in. */
export const me = () =>
    queryOptions({
        queryKey: ["me"],
        queryFn: async () => {
            const who = await answered(api.GET("/me"));
            setForgeryToken(who.forgery_token);
            return who;
        },
        staleTime: Infinity,
    });

export const settings = () =>
    queryOptions({ queryKey: ["settings"], queryFn: () => answered(api.GET("/settings")), staleTime: Infinity });

export const teams = () =>
    queryOptions({ queryKey: ["teams"], queryFn: () => answered(api.GET("/teams")), staleTime: Infinity });

export const categories = () =>
    queryOptions({ queryKey: ["categories"], queryFn: () => answered(api.GET("/categories")), staleTime: Infinity });

export const views = () =>
    queryOptions({ queryKey: ["views"], queryFn: () => answered(api.GET("/views")), staleTime: 30_000 });

/** What moved lately, in all sessions. */
export const overview = () =>
    queryOptions({ queryKey: ["overview", "now"], queryFn: () => answered(api.GET("/overview")), staleTime: 60_000 });

/** Sessions of a slice by day or week, beside another time or other sessions. */
export const series = (input: Schema<"SeriesInput">) =>
    queryOptions({
        queryKey: ["overview", "series", input],
        queryFn: ({ signal }) => answered(api.POST("/overview/series", { body: input, signal })),
        placeholderData: keepPreviousData,
        staleTime: 60_000,
    });

/** What moved in a slice, in a period beside the time before it. */
export const moved = (input: Schema<"MovedInput">) =>
    queryOptions({
        queryKey: ["overview", "moved", input],
        queryFn: ({ signal }) => answered(api.POST("/overview", { body: input, signal })),
        placeholderData: keepPreviousData,
        staleTime: 60_000,
    });

/** Pages of insights with the numbers of a slice. */
export const rows = (input: Omit<Schema<"RowsInput">, "cursor" | "limit">) =>
    infiniteQueryOptions({
        queryKey: ["insights", "rows", input],
        select: layers.over<InfiniteData<Schema<"Rows">>>(["insights", "rows", input]),
        queryFn: ({ pageParam, signal }) =>
            answered(api.POST("/insights/rows", { body: { ...firstRows(input), cursor: pageParam }, signal })),
        // pages that are loaded already are the same ones: to compare them all with each further one takes ever longer
        structuralSharing: false,
        initialPageParam: undefined as string | undefined,
        getNextPageParam: (page) => page.next ?? undefined,
        placeholderData: keepPreviousData,
        staleTime: 30_000,
    });

/** The sessions of a slice by dimensions. */
export const facets = (input: Schema<"FacetsInput">) =>
    queryOptions({
        queryKey: ["insights", "facets", input],
        queryFn: ({ signal }) => answered(api.POST("/insights/facets", { body: input, signal })),
        placeholderData: keepPreviousData,
        staleTime: 60_000,
    });

export const insight = (id: string) =>
    queryOptions({
        queryKey: ["insight", id, "itself"],
        select: layers.over<Schema<"PublicInsight">>(["insight", id, "itself"]),
        queryFn: ({ signal }) => answered(api.GET("/insights/{id}", { params: { path: { id } }, signal })),
    });

/** An insight by day or week, in the sessions that a filter asks for. */
export const trend = (id: string, input: Schema<"FilterTrendInput">) =>
    queryOptions({
        queryKey: ["insight", id, "trend", input],
        queryFn: ({ signal }) =>
            answered(api.POST("/insights/{id}/trend", { params: { path: { id } }, body: input, signal })),
        placeholderData: keepPreviousData,
    });

/** A conversation. */
export const session = (id: string) =>
    queryOptions({
        queryKey: ["session", id, "itself"],
        queryFn: ({ signal }) =>
            answered(api.GET("/chat/sessions/{session_id}", { params: { path: { session_id: id } }, signal })),
    });

/** What was said in a conversation, and what else happened, oldest first. */
export const history = (id: string) =>
    infiniteQueryOptions({
        queryKey: ["session", id, "history"],
        queryFn: ({ pageParam, signal }) =>
            answered(
                api.GET("/chat/sessions/{session_id}/history", {
                    params: { path: { session_id: id }, query: { cursor: pageParam } },
                    signal,
                }),
            ),
        initialPageParam: undefined as string | undefined,
        getNextPageParam: (page) => page.next ?? undefined,
    });

/** What was found in the same pages. */
export const findings = (id: string) =>
    infiniteQueryOptions({
        queryKey: ["session", id, "findings"],
        select: layers.over<InfiniteData<Schema<"ChatFindings">>>(["session", id, "findings"]),
        queryFn: ({ pageParam, signal }) =>
            answered(
                api.GET("/chat/sessions/{session_id}/findings", {
                    params: { path: { session_id: id }, query: { cursor: pageParam } },
                    signal,
                }),
            ),
        initialPageParam: undefined as string | undefined,
        getNextPageParam: (page) => page.next ?? undefined,
    });

/** How much work waits and runs. */
export const work = () =>
    queryOptions({ queryKey: ["jobs"], queryFn: () => answered(api.GET("/jobs")), refetchInterval: 5_000 });

/** How a list that comes in pages goes on. */
const paged = {
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page: { next: string | null }) => page.next ?? undefined,
};

/** Who worded an insight. */
export const wording = (id: string) =>
    queryOptions({
        queryKey: ["insight", id, "wording"],
        queryFn: ({ signal }) => answered(api.GET("/insights/{id}/wording", { params: { path: { id } }, signal })),
    });

/** What happened to an insight, the newest first. */
export const insightEvents = (id: string) =>
    infiniteQueryOptions({
        queryKey: ["insight", id, "events"],
        queryFn: ({ pageParam, signal }) =>
            answered(
                api.GET("/insights/{id}/events", { params: { path: { id }, query: { cursor: pageParam } }, signal }),
            ) as Promise<{ items: Schema<"InsightEvent">[]; next: string | null }>,
        ...paged,
    });

/** The sessions behind an insight. */
export const insightSessions = (id: string, filter: FilterInput) =>
    infiniteQueryOptions({
        queryKey: ["insight", id, "sessions", filter],
        select: layers.over<InfiniteData<Schema<"ListInsightSessionsOutput">>>(["insight", id, "sessions", filter]),
        queryFn: ({ pageParam, signal }) =>
            answered(
                api.POST("/insights/{id}/sessions", {
                    params: { path: { id } },
                    body: { filter, cursor: pageParam },
                    signal,
                }),
            ),
        placeholderData: keepPreviousData,
        ...paged,
    });

/** The contacts behind an insight. */
export const insightPeople = (id: string, filter: FilterInput) =>
    infiniteQueryOptions({
        queryKey: ["insight", id, "people", filter],
        queryFn: ({ pageParam, signal }) =>
            answered(
                api.POST("/insights/{id}/people", {
                    params: { path: { id } },
                    body: { filter, cursor: pageParam },
                    signal,
                }),
            ),
        placeholderData: keepPreviousData,
        ...paged,
    });

/** Insights that say nearly the same. */
export const similar = (id: string) =>
    queryOptions({
        queryKey: ["insight", id, "similar"],
        queryFn: ({ signal }) => answered(api.GET("/insights/{id}/similar", { params: { path: { id } }, signal })),
        staleTime: 60_000,
    });

/** The insights that went into one. */
export const lineage = (id: string) =>
    queryOptions({
        queryKey: ["insight", id, "lineage"],
        queryFn: ({ signal }) => answered(api.GET("/insights/{id}/lineage", { params: { path: { id } }, signal })),
    });

/** The receipt of what an insight counts. */
export const proof = (id: string) =>
    queryOptions({
        queryKey: ["insight", id, "proof"],
        queryFn: ({ signal }) => answered(api.GET("/insights/{id}/proof", { params: { path: { id } }, signal })),
    });

/** How far the research of an insight is; null if there was none. */
export const research = (id: string) =>
    queryOptions({
        queryKey: ["insight", id, "research"],
        queryFn: ({ signal }) =>
            ifAny(answered(api.GET("/insights/{id}/deep-research", { params: { path: { id } }, signal }))),
        refetchInterval: (query) => (/queued|running/.test(query.state.data?.state ?? "") ? 1_000 : false),
    });

/** What the research of an insight found; null if there was none. */
export const researchReport = (id: string) =>
    queryOptions({
        queryKey: ["insight", id, "report"],
        queryFn: ({ signal }) =>
            ifAny(answered(api.GET("/insights/{id}/deep-research/report", { params: { path: { id } }, signal }))),
    });

/** The people who may sign in, in pages. */
export const members = () =>
    infiniteQueryOptions({
        queryKey: ["members"],
        queryFn: ({ pageParam }) => answered(api.GET("/members", { params: { query: { cursor: pageParam } } })),
        ...paged,
    });

/** What is imported and was, the newest first. */
export const imports = () =>
    infiniteQueryOptions({
        queryKey: ["imports", "all"],
        queryFn: ({ pageParam }) => answered(api.GET("/imports", { params: { query: { cursor: pageParam } } })),
        ...paged,
    });

/** How far an import is. */
export const importOf = (id: string) =>
    queryOptions({
        queryKey: ["imports", id],
        queryFn: () => answered(api.GET("/imports/{id}", { params: { path: { id } } })),
        refetchInterval: (query) => (/waiting|running/.test(query.state.data?.status ?? "running") ? 1_000 : false),
    });

/** What an import has to say, one by one. */
export const importRecords = (id: string, kind: "error" | "note") =>
    infiniteQueryOptions({
        queryKey: ["imports", id, "records", kind],
        queryFn: ({ pageParam }) =>
            answered(
                api.GET("/imports/{id}/records", { params: { path: { id }, query: { kind, cursor: pageParam } } }),
            ) as Promise<Schema<"ListImportRecordsOutput">>,
        ...paged,
    });

export const erasures = () =>
    infiniteQueryOptions({
        queryKey: ["erasures"],
        queryFn: ({ pageParam }) => answered(api.GET("/erasures", { params: { query: { cursor: pageParam } } })),
        ...paged,
    });

export const contacts = () =>
    infiniteQueryOptions({
        queryKey: ["contacts"],
        queryFn: ({ pageParam }) => answered(api.GET("/contacts", { params: { query: { cursor: pageParam } } })),
        ...paged,
    });

export const boilerplate = () =>
    queryOptions({ queryKey: ["boilerplate"], queryFn: () => answered(api.GET("/boilerplate")) });

export type SetAsideReason = Schema<"ListSetAsideMessagesOutput">["items"][number]["reason"];

/** Messages in which nothing is read. */
export const setAside = (reason: SetAsideReason | undefined) =>
    infiniteQueryOptions({
        queryKey: ["set-aside", reason],
        queryFn: ({ pageParam }) =>
            answered(api.GET("/chat/messages/set-aside", { params: { query: { cursor: pageParam, reason } } })),
        placeholderData: keepPreviousData,
        ...paged,
    });

export const keys = () =>
    infiniteQueryOptions({
        queryKey: ["keys"],
        queryFn: ({ pageParam }) => answered(api.GET("/keys", { params: { query: { cursor: pageParam } } })),
        ...paged,
    });

export const webhooks = () => queryOptions({ queryKey: ["webhooks"], queryFn: () => answered(api.GET("/webhooks")) });

export type DeliveryState = Schema<"WebhookDelivery">["state"];

export const deliveries = (id: string, state: DeliveryState | undefined) =>
    infiniteQueryOptions({
        queryKey: ["webhooks", id, "deliveries", state],
        queryFn: ({ pageParam }) =>
            answered(
                api.GET("/webhooks/{id}/deliveries", {
                    params: { path: { id }, query: { state, cursor: pageParam } },
                }),
            ),
        placeholderData: keepPreviousData,
        refetchInterval: 5_000,
        ...paged,
    });

export type AuditQuery = { kind?: Schema<"AuditEntry">["kind"]; member_id?: string; created_after?: string };

export const auditLog = (query: AuditQuery) =>
    infiniteQueryOptions({
        queryKey: ["audit-log", query],
        queryFn: ({ pageParam }) =>
            answered(api.GET("/audit-log", { params: { query: { ...query, cursor: pageParam } } })),
        placeholderData: keepPreviousData,
        ...paged,
    });

export const signIns = () => queryOptions({ queryKey: ["sign-ins"], queryFn: () => answered(api.GET("/me/sign-ins")) });

export const themes = () =>
    queryOptions({ queryKey: ["insights", "themes"], queryFn: () => answered(api.GET("/insights/themes")) });

export const nearDuplicates = () =>
    queryOptions({
        queryKey: ["insights", "near-duplicates"],
        queryFn: () => answered(api.GET("/insights/near-duplicates")),
    });

export const shadow = () =>
    queryOptions({ queryKey: ["insights", "shadow"], queryFn: () => answered(api.GET("/insights/shadow")) });

export const audits = () => queryOptions({ queryKey: ["audits", "all"], queryFn: () => answered(api.GET("/audits")) });

/** An audit with what its judged pairs say so far. */
export const audit = (id: string) =>
    queryOptions({
        queryKey: ["audits", id],
        queryFn: () => answered(api.GET("/audits/{id}", { params: { path: { id } } })),
        placeholderData: keepPreviousData,
    });

/** The filter under which an insight's or a page's numbers are asked for. */
export type { FilterInput };
