/** Sends a file, and tells how far it is: `fetch` cannot. */

import { member } from "../member.svelte";
import { ApiError, leave, type Schema } from "./client";

/** Sends a form by POST. `told` hears the share that is sent. */
export function upload<T>(
    path: string,
    form: FormData,
    { told, signal }: { told?: (share: number) => void; signal?: AbortSignal } = {},
): Promise<T> {
    return new Promise((resolve, reject) => {
        const request = new XMLHttpRequest();
        request.open("POST", path);
        request.setRequestHeader("x-forgery-token", member.me.forgery_token);
        request.responseType = "json";
        request.upload.onprogress = (event) => event.lengthComputable && told?.(event.loaded / event.total);
        request.onload = () => {
            if (request.status < 300) return resolve(request.response as T);
            if (request.status === 401) leave();
            const error = request.response as Schema<"ErrorDto"> | null;
            const retryAfter = Number(request.getResponseHeader("retry-after")) || null;
            const id = request.getResponseHeader("x-request-id");
            reject(new ApiError(request.status, error?.message ?? request.statusText, id, retryAfter));
        };
        request.onerror = () => reject(new ApiError(0, "Refrain does not answer.", null, null));
        request.onabort = () => reject(new DOMException("given up", "AbortError"));
        signal?.addEventListener("abort", () => request.abort());
        request.send(form);
    });
}
