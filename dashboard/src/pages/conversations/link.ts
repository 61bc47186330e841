import { to } from "../../address.svelte";
import type { Schema } from "../../api/client";
import { decisions } from "../../decide.svelte";

/** Copies the address of a conversation. */
export async function copyLink(id: string) {
    await navigator.clipboard.writeText(location.origin + to(`/conversations/${id}`));
    decisions.say({ text: "Link copied." });
}

type Ticket = NonNullable<Schema<"GetChatSessionOutput">["ticketing_system"]>;

/** Returns where the record of a help desk opens, by the link for its kind or else the one for any; null if there is none. */
export function ticketUrl(ticket: Ticket, links: Schema<"TicketLink">[]): string | null {
    const ofDesk = links.filter(({ name }) => name === ticket.name);
    const link = ofDesk.find(({ id_type }) => id_type === ticket.id_type) ?? ofDesk.find(({ id_type }) => !id_type);
    return link?.url.replaceAll("{id}", () => encodeURIComponent(ticket.external_id)) ?? null;
}
