/** The audit log in words. */

import type { Schema } from "../../api/client";
import { keyName } from "../../words/names";
import { exact } from "../../words/numbers";

/** What the kinds of entries say. */
export const KINDS: Record<Schema<"AuditEntry">["kind"], string> = {
    "member.signed_in": "Signed in",
    "member.sign_in_failed": "Could not sign in",
    "member.signed_out": "Signed out",
    "member.sign_ins_ended": "Ended sign-ins",
    "member.invited": "Invited a member",
    "member.updated": "Changed a member",
    "member.removed": "Removed a member",
    "member.password_changed": "Set a password",
    "insights.decided": "Decided about insights",
    "settings.updated": "Changed settings",
    "session.revealed": "Saw personal data",
    "session.redacted": "Redacted a conversation",
    "message.redacted": "Redacted a message",
    "session.deleted": "Deleted a conversation",
    "contact.deleted": "Erased a person",
    "export.started": "Exported",
    "import.started": "Imported",
    "import.canceled": "Canceled an import",
    "webhook.created": "Created a webhook",
    "webhook.updated": "Changed a webhook",
    "webhook.secret_rotated": "Made a secret for a webhook",
    "webhook.deleted": "Deleted a webhook",
    "key.created": "Made a key",
    "key.first_used": "First used a key",
    "key.revoked": "Revoked a key",
};

/** Says the details of an entry on one line, those that are words, numbers or lists of them. */
export function detailWords(detail: unknown): string {
    if (typeof detail !== "object" || detail === null) return "";
    const said = Object.entries(detail).flatMap(([name, value]) => {
        const text = Array.isArray(value) ? value.filter((one) => typeof one !== "object").join(", ") : value;
        if (text === null || text === "" || typeof text === "object") return [];
        if (typeof text === "string" && /^\d{4}-\d\d-\d\dT/.test(text))
            return `${keyName(name).toLowerCase()}: ${exact(text)}`;
        return `${keyName(name).toLowerCase()}: ${typeof text === "boolean" ? (text ? "yes" : "no") : String(text)}`;
    });
    return said.join(" · ");
}
