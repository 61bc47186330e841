/** What runs first: it asks the server for what the dashboard shows first, and then has the dashboard begin. */

import { ask } from "./api/early";
import { firstRows, readAsked } from "./pages/insights/asked";

/** Asks for who is signed in, for how the organization is set up, and for the rows if it is their page that opens. */
async function askFirst() {
    ask("GET", "/settings").catch(() => {});
    const who = await ask("GET", "/me");
    const [, , noun = "", which = ""] = location.pathname.split("/");
    if (!who.ok || !/^(insights)?$/.test(noun) || which) return;
    const { forgery_token } = (await who.json()) as { forgery_token: string };
    const words = (history.state as { words?: string } | null)?.words ?? "";
    const { question } = readAsked(new URLSearchParams(location.search), words);
    const headers = { "content-type": "application/json", "x-forgery-token": forgery_token };
    ask("POST", "/insights/rows", JSON.stringify(firstRows(question)), headers).catch(() => {});
}

void askFirst()
    .catch(() => {})
    .finally(() => import("./main"));
