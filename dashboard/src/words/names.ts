/** The names that people read for the words of the API. */

import type { Schema } from "../api/client";
import type { IconName } from "../components/icons";

const locale = () => document.documentElement.dataset.locale ?? navigator.language;

const CHANNELS: Record<string, string> = {
    web: "Web",
    email: "E-mail",
    phone_voice: "Phone",
    slack: "Slack",
    sms: "SMS",
    whatsapp: "WhatsApp",
    instagram: "Instagram",
    messenger: "Messenger",
    api: "API",
    web_voice: "Web voice",
};

const SENTIMENTS: Record<string, string> = { angry: "Angry", neutral: "Neutral", happy: "Happy" };

const STATUSES: Record<string, string> = {
    open: "Open",
    closed_resolved: "Resolved",
    closed_unresolved: "Not resolved",
};

const INSIGHT_STATUSES: Record<string, string> = {
    unresolved: "Unresolved",
    archived: "Archived",
    resolved: "Resolved",
    all: "All",
};

/** A way in which an insight moves. */
export type Movement = Schema<"Moves">["kind"];

/** The ways in which an insight moves, the most urgent first. */
export const MOVEMENTS: Record<
    Movement,
    { name: string; icon: IconName; tone: "hot" | "warn" | "info" | "mute"; many: string }
> = {
    escalating: { name: "Escalating", icon: "rise", tone: "hot", many: "escalating" },
    new: { name: "New", icon: "new", tone: "info", many: "new" },
    back: { name: "Came back", icon: "back", tone: "warn", many: "came back" },
    regressed: { name: "Regressed", icon: "again", tone: "warn", many: "regressed" },
    falling: { name: "Falling", icon: "fall", tone: "mute", many: "falling" },
};

/** Returns the name of a channel. */
export const channelName = (channel: string) => CHANNELS[channel] ?? channel;

const CHANNEL_ICONS: Record<string, IconName> = {
    web: "globe",
    email: "mail",
    phone_voice: "phone",
    web_voice: "phone",
    whatsapp: "whatsapp",
};

/** Returns the icon of a channel. */
export const channelIcon = (channel: string): IconName => CHANNEL_ICONS[channel] ?? "chat";

/** Returns the name of a feeling. */
export const sentimentName = (sentiment: string | null) =>
    sentiment ? (SENTIMENTS[sentiment] ?? sentiment) : "Unknown";

/** Returns the name of a session's status. */
export const statusName = (status: string) => STATUSES[status] ?? status;

/** Returns the name of an insight's status. */
export const insightStatusName = (status: string) => INSIGHT_STATUSES[status] ?? status;

let languages: Intl.DisplayNames | undefined;

/** Returns the name of a language by its code. */
export function languageName(code: string | null): string {
    if (!code) return "Unknown";
    try {
        languages ??= new Intl.DisplayNames(locale(), { type: "language" });
        return languages.of(code) ?? code;
    } catch {
        return code;
    }
}

/** Returns a name of custom data as words: `app_version` is "App version". */
export function keyName(key: string): string {
    const words = key.replace(/[_-]+/g, " ").trim();
    return words.charAt(0).toUpperCase() + words.slice(1);
}

/** A help desk in which conversations live beside Refrain. */
export type HelpDesk = Schema<"TicketLink">["name"];

const HELP_DESKS: Record<HelpDesk, string> = {
    dynamics365: "Dynamics 365",
    freshchat: "Freshchat",
    freshdesk: "Freshdesk",
    freshdesk_ticketing: "Freshdesk tickets",
    front: "Front",
    gorgias: "Gorgias",
    hubspot: "HubSpot",
    infobip: "Infobip",
    intercom: "Intercom",
    open: "Refrain",
    salesforce: "Salesforce",
    salesforce_v2: "Salesforce v2",
    twilio_flex: "Twilio Flex",
    zendesk: "Zendesk",
    zendesk_v2: "Zendesk v2",
};

/** The help desks, as an API's words and in the order of their names; Refrain is none. */
export const helpDesks = (Object.keys(HELP_DESKS) as HelpDesk[]).filter((desk) => desk !== "open");

/** Returns the name of a help desk. */
export const helpDeskName = (desk: HelpDesk) => HELP_DESKS[desk] ?? desk;

/** Returns the name of what facets and filters go by. */
export function dimensionName(by: string): string {
    const known: Record<string, string> = {
        channel: "Channel",
        language: "Language",
        sentiment: "Feeling",
        session_status: "Conversation",
        team: "Team",
        category: "Category",
        status: "Status",
        contact: "Contact",
        min_sessions: "Sessions",
    };
    return (
        known[by] ??
        keyName(by.replace(/^(session|contact)\./, "")) + (by.startsWith("contact.") ? " of the contact" : "")
    );
}

/** Returns the name of a value of {@link dimensionName}. */
export function valueName(by: string, value: string | null, given?: string | null): string {
    if (given) return given;
    if (value === null || value === "none")
        return by === "team" ? "No team" : by === "category" ? "No category" : "Unknown";
    if (by === "channel") return channelName(value);
    if (by === "language") return languageName(value);
    if (by === "sentiment") return sentimentName(value);
    if (by === "session_status") return statusName(value);
    if (by === "status") return insightStatusName(value);
    return value;
}
