/** A made-up bank whose days are always the same, for pictures of it. */

import { setTimeout } from "node:timers/promises";
import type { BrowserContext } from "playwright-core";
import { Server, signIn, type Conversation } from "./support";

/** When the pictures are taken. */
export const NOW = "2026-11-25T15:00:00Z";
/** When some of its insights were archived and resolved. */
const BEFORE = "2026-11-10T09:00:00Z";
const DAYS = 84;
const DAY = 86_400_000;

/** How many sessions a day bring it, by the day from 0 to {@link DAYS}, and how many of them are angry. */
interface Subject {
    rate: (day: number) => number;
    angry: number;
    says: Partial<Record<string, string[]>>;
}

const steady = (rate: number) => () => rate;
const SUBJECTS: Subject[] = [
    {
        rate: (day) => (day < 77 ? 0.9 : 6),
        angry: 0.3,
        says: {
            en: [
                "When will my new card arrive?",
                "My new card has still not arrived.",
                "I am still waiting for my new card to arrive.",
            ],
            de: ["Meine neue Karte ist immer noch nicht angekommen.", "Wann kommt meine neue Karte endlich an?"],
            ar: ["لم تصل بطاقتي الجديدة حتى الآن.", "ما زلت أنتظر وصول بطاقتي الجديدة."],
            ja: ["新しいカードがまだ届いていません。", "新しいカードはいつ届きますか。"],
            he: ["הכרטיס החדש שלי עדיין לא הגיע.", "מתי יגיע הכרטיס החדש שלי?"],
        },
    },
    {
        rate: steady(0.8),
        angry: 0.25,
        says: {
            en: ["I still do not see my refund.", "Where is my refund?", "My refund is not showing on my account."],
            de: ["Wo bleibt meine Erstattung?", "Meine Erstattung ist nicht auf dem Konto."],
            ar: ["أين المبلغ المسترد؟", "لم أر المبلغ المسترد في حسابي."],
        },
    },
    {
        rate: (day) => (day > 30 && day < 35 ? 5 : 0.6),
        angry: 0.3,
        says: { en: ["I was charged twice for one payment.", "You charged me twice for the same payment."] },
    },
    {
        rate: (day) => (day < 66 ? 1 : 0.05),
        angry: 0.1,
        says: { en: ["My top-up did not work.", "Why does my top-up fail?", "The top-up of my account failed."] },
    },
    { rate: steady(0.8), angry: 0.02, says: { en: ["How do I change my PIN?", "I want to change my PIN."] } },
    {
        rate: steady(0.7),
        angry: 0.05,
        says: { en: ["How do I verify my identity?", "What do you need to verify my identity?"] },
    },
    {
        rate: steady(0.6),
        angry: 0.2,
        says: {
            en: ["The cash machine gave me the wrong amount.", "I got the wrong amount of cash from the machine."],
        },
    },
    {
        rate: (day) => (day < 79 ? 0 : 3),
        angry: 0.05,
        says: { en: ["Can I top up with Apple Pay?", "I would like to use Apple Pay to top up."] },
    },
    {
        rate: (day) => (day < 69 ? 1.2 : 0.1),
        angry: 0.2,
        says: { en: ["Please close my account.", "How can I close my account?"] },
    },
    {
        rate: steady(0.5),
        angry: 0.1,
        says: { en: ["How do I cancel a transfer?", "I want to cancel a transfer that I made."] },
    },
    { rate: steady(0.4), angry: 0, says: { en: ["Please add a dark mode to the app.", "Is there a dark theme?"] } },
];

const ANGRY: Record<string, string> = {
    en: "This is ridiculous, I am furious.",
    de: "Das ist eine Frechheit, ich bin stinksauer.",
};
const NAMES = [
    "Amara Brookfield",
    "Dilek Hallström",
    "Goran Ivanek",
    "Hanne Kestner",
    "Ilaria Moravec",
    "Kaito Rosmer",
];

/** Numbers from 0 to 1 that look random, the same in each run (splitmix32). */
function random(seed: number): () => number {
    return () => {
        seed = (seed + 0x9e3779b9) | 0;
        let mixed = Math.imul(seed ^ (seed >>> 16), 0x21f0aaad);
        mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
        return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
    };
}

/** Returns the conversations of the bank, oldest first. */
function conversations(): Conversation[] {
    const next = random(20_261_125);
    const one = <T>(values: T[]) => values[Math.floor(next() * values.length)]!;
    const start = Date.parse(NOW) - DAYS * DAY;
    const all: Conversation[] = [];
    for (let day = 0; day <= DAYS; day++) {
        for (const { rate, angry, says } of SUBJECTS) {
            const times = Math.floor(rate(day) + next());
            for (let nth = 0; nth < times; nth++) {
                const others = Object.keys(says).filter((language) => language !== "en");
                const language = others.length && next() < 0.45 ? one(others) : "en";
                const isAngry = next() < angry && language in ANGRY;
                const text = one(says[language]!) + (isAngry ? ` ${ANGRY[language]}` : "");
                const created = start + day * DAY - Math.floor(next() * 9 * 3_600_000);
                const at = (minutes: number) => new Date(created + minutes * 60_000).toISOString();
                const person = Math.floor(next() * 400);
                all.push({
                    id: `bank-${all.length}`,
                    channel: one(["web", "web", "whatsapp", "email", "phone_voice"]),
                    language,
                    created_at: at(0),
                    status: one(["closed_resolved", "closed_resolved", "closed_unresolved", "open"]),
                    contact: {
                        name: NAMES[person % NAMES.length],
                        email: `person${person}@example.com`,
                        custom_data: { plan: one(["Free", "Free", "Plus", "Business"]) },
                    },
                    custom_data: { app_version: day < 74 ? "5.1" : one(["5.1", "5.2"]) },
                    turns: [
                        { role: "contact", text, created_at: at(0) },
                        { role: "contact", text: `You reach me at person${person}@example.com.`, created_at: at(3) },
                        { role: "agent", name: "Lena", text: "It is on its way, please wait.", created_at: at(9) },
                    ],
                });
            }
        }
    }
    return all.sort((a, b) => String(a.created_at).localeCompare(String(b.created_at)));
}

/** Returns the id of the insight with most sessions that says so. */
export async function insightOf(server: Server, context: BrowserContext, says: RegExp): Promise<string> {
    const { items } = await server.call(context, "POST", "/insights/rows", { limit: 100, filter: { status: ["all"] } });
    const found = items
        .filter(({ insight }: any) => says.test(insight.content))
        .sort((a: any, b: any) => b.sessions - a.sessions)[0];
    if (!found)
        throw new Error(`no insight says ${says}: ${items.map(({ insight }: any) => insight.content).join(", ")}`);
    return found.insight.id;
}

/** Waits until what was archived is back. */
async function isBack(server: Server) {
    const context = (await signIn(server)).context();
    for (let tries = 0; tries < 100; tries++) {
        const { by_movement } = await server.call(context, "POST", "/insights/rows", { limit: 1 });
        if (by_movement.back && by_movement.escalating && by_movement.new) return context.close();
        await setTimeout(200);
    }
    throw new Error("nothing came back");
}

/** Opens the bank, and lives through what was decided in it. */
export async function bank(): Promise<Server> {
    const all = conversations();
    const isBefore = ({ created_at }: Conversation) => String(created_at) < BEFORE;
    const server = await Server.start(all.filter(isBefore), BEFORE);
    const page = await signIn(server);
    const context = page.context();
    await server.call(context, "PATCH", "/me", { name: "Mira Vandeloo" });
    await server.call(context, "PATCH", "/settings", { name: "Northbank" });
    const decide = async (says: RegExp, what: string, how?: unknown) =>
        server.call(context, "POST", `/insights/${await insightOf(server, context, says)}/${what}`, how);
    await decide(/card/i, "archive", { policy: "until_escalating", reason: "Known since October" });
    await decide(/dark/i, "archive", { policy: "forever", reason: "Not a problem" });
    await decide(/identity/i, "archive", { policy: "until_count", target: 250, reason: "Works as designed" });
    await decide(/top.?up/i, "resolve");
    const filter = { ticketSentiment: ["angry"] };
    await server.call(context, "POST", "/views", { name: "Angry ones", filter });
    await context.close();
    const now = await server.goOn(
        all.filter((conversation) => !isBefore(conversation)),
        NOW,
    );
    await isBack(now);
    return now;
}
