/** The pages of settings. */

import type { Component } from "svelte";
import type { IconName } from "../../components/icons";

export interface Part {
    /** Its place in the address. */
    noun: string;
    name: string;
    icon: IconName;
    /** The scope without which there is nothing to see. */
    scope?: string;
    /** What one who may not sees nothing of, and who may, where it is not "Only admins see NAME". */
    what?: string;
    verb?: string;
    load: () => Promise<{ default: Component }>;
}

/** The pages of settings in their groups. */
export const GROUPS: { name: string; parts: Part[] }[] = [
    {
        name: "Workspace",
        parts: [
            { noun: "general", name: "General", icon: "settings", load: () => import("./General.svelte") },
            { noun: "members", name: "Members", icon: "users", load: () => import("./Members.svelte") },
            { noun: "teams", name: "Teams", icon: "general", load: () => import("./Teams.svelte") },
            { noun: "categories", name: "Categories", icon: "tag", load: () => import("./Categories.svelte") },
        ],
    },
    {
        name: "Insights",
        parts: [
            { noun: "coming-back", name: "Coming back", icon: "rise", load: () => import("./ComingBack.svelte") },
            { noun: "grouping", name: "Grouping", icon: "workbench", load: () => import("./Grouping.svelte") },
            {
                noun: "language-model",
                name: "Language model",
                icon: "wand",
                load: () => import("./LanguageModel.svelte"),
            },
        ],
    },
    {
        name: "Data",
        parts: [
            {
                noun: "imports",
                name: "Imports",
                icon: "upload",
                scope: "imports:read",
                load: () => import("./Imports.svelte"),
            },
            { noun: "exports", name: "Exports", icon: "download", load: () => import("./Exports.svelte") },
            {
                noun: "privacy",
                name: "Privacy",
                icon: "shield",
                scope: "contacts:read",
                what: "personal data",
                verb: "and agents see",
                load: () => import("./Privacy.svelte"),
            },
            { noun: "set-aside", name: "Set aside", icon: "filter", load: () => import("./SetAside.svelte") },
        ],
    },
    {
        name: "Developers",
        parts: [
            {
                noun: "keys",
                name: "API keys",
                icon: "key",
                scope: "keys:read",
                what: "API keys",
                load: () => import("./Keys.svelte"),
            },
            {
                noun: "webhooks",
                name: "Webhooks",
                icon: "webhook",
                scope: "webhooks:read",
                load: () => import("./Webhooks.svelte"),
            },
            {
                noun: "audit-log",
                name: "Audit log",
                icon: "log",
                scope: "audit:read",
                what: "the audit log",
                load: () => import("./AuditLog.svelte"),
            },
        ],
    },
    {
        name: "You",
        parts: [{ noun: "account", name: "Account", icon: "eye", load: () => import("./Account.svelte") }],
    },
];
