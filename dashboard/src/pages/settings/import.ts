/** What the preview of an import asks for, and the options by which it is answered. */

import type { Schema } from "../../api/client";
import type { IconName } from "../../components/icons";

type Preview = Schema<"ImportPreview">;

/** The options of an import that somebody chose. */
export interface Options {
    source: string;
    dates: "" | "dmy" | "mdy";
    /** Who the company is: names, addresses or domains. */
    me: string;
    /** The columns by the field that they mean. */
    columns: Record<string, string>;
    /** The roles by the words of the file. */
    roles: Record<string, string>;
}

export const NO_OPTIONS: Options = { source: "import", dates: "", me: "", columns: {}, roles: {} };

/** What a column can mean, in the words of people. */
export const FIELDS: Record<string, string> = {
    id: "Conversation",
    text: "What was said",
    html: "What was said, as HTML",
    subject: "Subject",
    answer: "The answer to it",
    role: "Role of who speaks",
    name: "Name of who speaks",
    author: "Who speaks, by role or name",
    author_email: "Address of who speaks",
    inbound: "True if the contact speaks",
    outbound: "True if the company speaks",
    created_at: "Time",
    time: "Time of day",
    began_at: "When the conversation began",
    contact: "Contact, by name or address",
    "contact.email": "E-mail of the contact",
    "contact.phone_number": "Phone of the contact",
    "contact.name": "Name of the contact",
    first_name: "First name of the contact",
    last_name: "Last name of the contact",
    status: "Status",
    channel: "Channel",
    language: "Language",
    tags: "Tags",
    team: "Team",
    assignee_id: "Assignee",
    brand: "Brand",
    message_id: "Message",
    reply_to: "Message that it answers",
    private: "True for internal notes",
    public: "True unless an internal note",
    kind: "Kind of message",
};

/** What a column becomes, in the words of people. */
export function fieldName(field: string): string {
    if (field === "custom data") return "Custom data";
    return field
        .split(", ")
        .map((one) => FIELDS[one] ?? (one === "custom data" ? "custom data" : one))
        .join(", ");
}

/** What a preview leaves open. */
export interface Questions {
    /** True if day and month cannot be told apart. */
    dates: boolean;
    /** True if nobody knows which side is the company. */
    me: boolean;
    /** Words for roles that are not known. */
    roles: string[];
    /** Columns of a table of which none is known to be the text. */
    columns: string[];
}

/** Finds what the errors and notes of a preview ask for. */
export function questionsOf(preview: Preview): Questions {
    const reasons = [...preview.errors.kinds, ...preview.notes.kinds].map(({ first }) => first.reason);
    const seen = reasons.find((reason) => reason.includes("columns seen: "));
    return {
        dates: reasons.some((reason) => reason.includes("--dates")),
        me: reasons.some((reason) => reason.includes("--me")),
        roles: reasons.flatMap((reason) => /^role "(.+?)": nobody that is known/.exec(reason)?.[1] ?? []),
        columns: seen ? [...seen.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, name = ""]) => name) : [],
    };
}

/** Returns what is wrong without the flags of a command line that nobody has here. */
export function plainReason(reason: string): string {
    return reason
        .replace(/^id: is required$/, "It has no id.")
        .replace(/^(line \d+: )?no column with a text;.*$/s, "No column is known to be what was said. Say which it is.")
        .replace(/^turns: is required$/, "Nothing is said in it.")
        .replace(/\s*(Left out: )?[Ss]ay --.*$/s, (_, left: string | undefined) => (left ? " Left out." : ""))
        .replace(/; say which it is, as in --map.*$/s, "")
        .replace(/ \(--role .*\)$/s, "")
        .replace(/: --me says it otherwise$/s, "");
}

/** Returns the form by which a file is sent: its options before it. */
export function formOf(file: File, options: Options, dryRun: boolean): FormData {
    const form = new FormData();
    const fields = Object.entries(options.columns).filter(([, column]) => column);
    if (dryRun) form.append("dry_run", "true");
    if (options.source.trim()) form.append("source", options.source.trim());
    if (options.dates) form.append("dates", options.dates);
    for (const name of options.me.split(/[,\n]/)) if (name.trim()) form.append("me", name.trim());
    for (const [word, role] of Object.entries(options.roles)) if (role) form.append("role", `${word}=${role}`);
    // with a line's end it is read as TOML, in which a column may have any name
    const toml = fields.map(([field, column]) => `${JSON.stringify(field)} = ${JSON.stringify(column)}\n`).join("");
    if (toml) form.append("map", toml);
    form.append("file", file);
    return form;
}

/** How the states of an import look. */
export const STATES: Record<
    Schema<"Import">["status"],
    { name: string; icon: IconName; tone: "mute" | "info" | "calm" | "hot" }
> = {
    waiting: { name: "Waits", icon: "clock", tone: "mute" },
    running: { name: "Runs", icon: "upload", tone: "info" },
    done: { name: "Done", icon: "done", tone: "calm" },
    failed: { name: "Failed", icon: "warn", tone: "hot" },
    canceled: { name: "Canceled", icon: "x", tone: "mute" },
};

/** What an import does, phase by phase. */
export const PHASES: Record<Schema<"ImportProgress">["phase"], { name: string; of: string }> = {
    importing: { name: "Importing", of: "bytes" },
    reading: { name: "Reading what was said", of: "conversations" },
    grouping: { name: "Grouping", of: "statements" },
};
