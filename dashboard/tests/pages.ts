/** The pages that every check of all pages looks at. */

/** The pages by name. */
export const PAGES: Record<string, string> = {
    insights: "/app/insights",
    "insights filtered": "/app/insights?status=all&group=category&channel=whatsapp&not.language=de",
    "nothing matches": "/app/insights?channel=whatsapp&language=ja",
    conversations: "/app/conversations",
    overview: "/app/overview",
    workbench: "/app/workbench",
    "no such page": "/app/elsewhere",
    ...Object.fromEntries(
        [
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
            "keys",
            "webhooks",
            "audit-log",
            "account",
        ].map((name) => [`settings ${name}`, `/app/settings/${name}`]),
    ),
};
