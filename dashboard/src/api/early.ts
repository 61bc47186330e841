/** What is asked for while the scripts of the dashboard are on their way, for who asks for the same once they are there. */

/** The milliseconds after which a request counts as unanswered. */
const PATIENCE = 30_000;

const answers = new Map<string, Promise<Response>>();
const keyOf = (method: string, path: string, body: string) => `${method} ${path} ${body}`;

/** Asks for something that the dashboard asks for first. */
export function ask(method: "GET" | "POST", path: string, body = "", headers: HeadersInit = {}): Promise<Response> {
    const answer = fetch(path, { method, headers, body: body || undefined, signal: AbortSignal.timeout(PATIENCE) });
    answers.set(keyOf(method, path, body), answer);
    return answer.then((response) => response.clone());
}

/** Sends a request, or takes the answer to the same one if it was asked for before. */
export async function send(request: Request): Promise<Response> {
    if (answers.size) {
        const key = keyOf(request.method, new URL(request.url).pathname, await request.clone().text());
        const answer = answers.get(key);
        answers.delete(key);
        if (answer) return answer;
    }
    return fetch(request, { signal: AbortSignal.any([request.signal, AbortSignal.timeout(PATIENCE)]) });
}
