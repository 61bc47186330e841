/** Sends a file, and tells how far it is: `fetch` cannot. */

import { ApiError, forgeryHeader, leave, refusal } from "./client";

/** Sends a form by POST. `told` hears the share that is sent. */
export function upload<T>(
    path: string,
    form: FormData,
    { told, signal }: { told?: (share: number) => void; signal?: AbortSignal } = {},
): Promise<T> {
    return new Promise((resolve, reject) => {
        const request = new XMLHttpRequest();
        request.open("POST", path);
        request.setRequestHeader(...forgeryHeader());
        request.responseType = "json";
        request.upload.onprogress = (event) => event.lengthComputable && told?.(event.loaded / event.total);
        request.onload = () => {
            if (request.status < 300) return resolve(request.response as T);
            if (request.status === 401) leave();
            const header = (name: string) => request.getResponseHeader(name);
            reject(refusal(request.status, request.statusText, request.response, header));
        };
        request.onerror = () => reject(new ApiError(0, "Refrain does not answer.", null, null));
        request.onabort = () => reject(new DOMException("given up", "AbortError"));
        signal?.addEventListener("abort", () => request.abort());
        request.send(form);
    });
}
