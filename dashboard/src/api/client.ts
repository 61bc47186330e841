/** The calls of the API, as the browser of a signed-in member makes them. */

import createClient, { type Middleware } from "openapi-fetch";
import { send } from "./early";
import type { components, paths } from "./schema";

/** A schema of the API's document by its name. */
export type Schema<Name extends keyof components["schemas"]> = components["schemas"][Name];

/** A refusal, or no answer at all (`status` 0). */
export class ApiError extends Error {
    /** True if an earlier attempt got no answer: what is refused now may have been done then. */
    isUnsure = false;

    constructor(
        /** The HTTP status; 0 if the server did not answer. */
        readonly status: number,
        message: string,
        /** The id under which the server's log has the request. */
        readonly requestId: string | null,
        /** The seconds after which the server wants to be asked again. */
        readonly retryAfter: number | null,
    ) {
        super(message);
    }

    /** Returns true if the same request may succeed later, with nobody doing anything. */
    get isPassing(): boolean {
        return this.isUnanswered || this.status === 429 || this.status === 503;
    }

    /** Returns true if nobody knows whether the server carried the request out: there was no answer, or a proxy's. */
    get isUnanswered(): boolean {
        return this.status === 0 || this.status === 502 || this.status === 504;
    }
}

let forgeryToken = "";

/** Sets the token without which the server takes no change from a browser. */
export function setForgeryToken(token: string) {
    forgeryToken = token;
}

/** The header without which the server takes no change, and its value. */
export const forgeryHeader = () => ["x-forgery-token", forgeryToken] as const;

const forgery: Middleware = {
    onRequest({ request }) {
        if (request.method !== "GET") request.headers.set(...forgeryHeader());
    },
};

const client = createClient<paths>({
    fetch: send,
});
client.use(forgery);

/** The client: `api.GET(path, …)` and so on. Give its promise to {@link answered}. */
export const api = client;

/** Returns the body of an answer, or throws an {@link ApiError}. */
export async function answered<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
    let answer;
    try {
        answer = await call;
    } catch (error) {
        if (error instanceof DOMException && error.name === "AbortError") throw error;
        throw new ApiError(0, "Refrain does not answer.", null, null);
    }
    const { data, error, response } = answer;
    if (response.ok) return data as T;
    if (response.status === 401) leave();
    throw refusal(response.status, response.statusText, error, (name) => response.headers.get(name));
}

/** Returns null where there is none, such as what is deleted already. */
export async function ifAny<T>(answer: Promise<T>): Promise<T | null> {
    try {
        return await answer;
    } catch (error) {
        if (error instanceof ApiError && error.status === 404) return null;
        throw error;
    }
}

/** Makes the error of an answer that refuses. */
export function refusal(status: number, text: string, body: unknown, header: (name: string) => string | null) {
    const message = (body as Schema<"ErrorDto"> | null | undefined)?.message ?? text;
    return new ApiError(status, message, header("x-request-id"), Number(header("retry-after")) || null);
}

/** Goes to the page to sign in on, and comes back here after. */
export function leave() {
    const here = location.pathname + location.search;
    location.assign(`/sign-in?next=${encodeURIComponent(here)}`);
}
