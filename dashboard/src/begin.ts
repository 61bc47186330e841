/** What runs first: it asks the server for what the dashboard shows first, and then has the dashboard begin. */

import { ask } from "./api/early";
import { firstRows, isStream, readAsked } from "./pages/insights/asked";

/** The milliseconds after which the dashboard begins without an answer. */
const BEGINS_WITHIN = 1_000;

/** Asks for who is signed in, for how the organization is set up, and for the rows if it is their page that opens. */
async function askFirst() {
    ask("GET", "/settings").catch(() => {});
    const who = await ask("GET", "/me");
    if (!who.ok || !isStream(location.pathname.split("/").filter(Boolean).slice(1))) return;
    const { forgery_token } = (await who.json()) as { forgery_token: string };
    const words = (history.state as { words?: string } | null)?.words ?? "";
    const { question } = readAsked(new URLSearchParams(location.search), words);
    const headers = { "content-type": "application/json", "x-forgery-token": forgery_token };
    ask("POST", "/insights/rows", JSON.stringify(firstRows(question)), headers).catch(() => {});
}

// a server that takes longer does not keep the dashboard from beginning, and from saying so
const late = new Promise((resolve) => setTimeout(resolve, BEGINS_WITHIN));
void Promise.race([askFirst().catch(() => {}), late]).then(() => import("./main"));
