import { to } from "../../address.svelte";
import { decisions } from "../../decide.svelte";

/** Copies the address of a conversation. */
export async function copyLink(id: string) {
    await navigator.clipboard.writeText(location.origin + to(`/conversations/${id}`));
    decisions.say({ text: "Link copied." });
}
