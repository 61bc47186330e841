/** The pages that every check of all pages looks at. */

import type { Page } from "playwright-core";
import type { Server } from "./support";

const SETTINGS = [
    "general",
    "members",
    "teams",
    "categories",
    "coming-back",
    "grouping",
    "language-model",
    "imports",
    "exports",
    "privacy",
    "set-aside",
    "keys",
    "webhooks",
    "audit-log",
    "account",
];

/** The pages by name, whatever is in the database. */
export const PAGES: Record<string, string> = {
    insights: "/app/insights",
    "insights filtered": "/app/insights?status=all&group=category&channel=whatsapp&not.language=de",
    "nothing matches": "/app/insights?channel=whatsapp&language=ja",
    "no such insight": "/app/insights/01890000-0000-7000-8000-000000000000",
    conversations: "/app/conversations",
    "no conversation matches": "/app/conversations?language=ja",
    "no such conversation": "/app/conversations/01890000-0000-7000-8000-000000000000",
    overview: "/app/overview",
    "overview shares": "/app/overview?show=angry&against=segment",
    workbench: "/app/workbench",
    "workbench near-duplicates": "/app/workbench/near-duplicates",
    "workbench audit": "/app/workbench/audit",
    "workbench shadow": "/app/workbench/shadow",
    "no such page": "/app/elsewhere",
    ...Object.fromEntries(SETTINGS.map((name) => [`settings ${name}`, `/app/settings/${name}`])),
};

/** Returns the pages by name, with those of an insight and of a conversation. */
export async function allPages(server: Server, page: Page): Promise<Record<string, string>> {
    const insights = await server.call(page.context(), "POST", "/insights/rows", { limit: 1 });
    const conversations = await server.call(page.context(), "POST", "/chat/sessions/query", { limit: 1 });
    const insight = `/app/insights/${insights.items[0].insight.id}`;
    return {
        ...PAGES,
        insight,
        "insight split": `${insight}?split=channel&by=week`,
        "insight people": `${insight}?tab=people`,
        "insight similar": `${insight}?tab=similar`,
        "insight research": `${insight}?tab=research`,
        "insight activity": `${insight}?tab=activity`,
        conversation: `/app/conversations/${conversations.items[0].session.id}`,
    };
}

/** Waits until a page shows all that it asked for, and moves no more. */
export async function settled(page: Page) {
    await page.locator("main").waitFor();
    await page.waitForLoadState("networkidle");
    await page.evaluate(async () => {
        await document.fonts.ready;
        // what was asked for one after the other comes late on a busy machine
        const STILL = 250;
        await new Promise<void>((resolve) => {
            const end = () => (document.querySelector(".waits") ? wait() : (changes.disconnect(), resolve()));
            let timer = 0;
            const wait = () => {
                clearTimeout(timer);
                timer = window.setTimeout(end, STILL);
            };
            const changes = new MutationObserver(wait);
            changes.observe(document, { childList: true, subtree: true, characterData: true });
            wait();
        });
        await Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => undefined)));
    });
}
