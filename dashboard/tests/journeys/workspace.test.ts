/** What a workspace shares: views, imports, who may see what, and its settings; by keyboard alone, and again by mouse alone. */

import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { endBrowser, notice, Server, shop, signIn, unwanted, visit } from "../support";
import { accept, enter, filterByKeys, filterByMouse, insightShown, rows, tabTo } from "./hands";

let server: Server;

beforeAll(async () => {
    server = await Server.start(shop());
});
afterEach(() => expect(unwanted.splice(0)).toEqual([]));
afterAll(async () => {
    await endBrowser();
    server.stop();
});

test("a view is saved, shared and opened by somebody else", async () => {
    for (const by of ["keyboard", "mouse"] as const) {
        const page = await signIn(server);
        const name = `Cards by ${by}`;
        await page.goto(`${server.url}/app/insights`);
        await rows(page).first().waitFor();
        if (by === "keyboard") {
            await filterByKeys(page, "channel", "whats");
            await page.keyboard.press("v");
            // it is loaded when it is first asked for
            await page.getByLabel("Name").waitFor();
            await page.keyboard.type(name);
            await page.keyboard.press("Tab");
            await page.keyboard.press("Space");
            await page.keyboard.press("Enter");
        } else {
            await filterByMouse(page, "Channel", /WhatsApp/);
            await page.getByRole("button", { name: "Display options" }).click();
            await page.getByRole("menuitem", { name: /Save as a view/ }).click();
            await page.getByLabel("Name").fill(name);
            await page.getByLabel("Everybody sees it").click();
            await page.getByRole("button", { name: "Save", exact: true }).click();
        }
        await page.getByRole("link", { name }).waitFor();
        const other = await signIn(server, "viewer");
        await other.goto(`${server.url}/app/insights`);
        await other.getByRole("link", { name }).waitFor();
        if (by === "keyboard") await enter(other, new RegExp(`^${name}`));
        else await other.getByRole("link", { name }).click();
        await expect.poll(() => other.url(), { timeout: 10_000 }).toContain("channel=whatsapp");
        await other.getByRole("heading", { name, level: 1 }).waitFor();
        await other.context().close();
        // it is deleted, which is undone
        if (by === "keyboard") {
            await page.keyboard.press("v");
            await enter(page, /^Delete$/);
        } else {
            await page.getByRole("button", { name: "Display options" }).click();
            await page.getByRole("menuitem", { name: /Save as a view/ }).click();
            await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
        }
        await notice(page, `${name} is deleted`).waitFor();
        await page.getByRole("link", { name }).waitFor({ state: "detached" });
        if (by === "keyboard") await page.keyboard.press("z");
        else await page.locator(".notice", { hasText: "deleted" }).getByRole("button", { name: "Undo" }).click();
        await page.getByRole("link", { name }).waitFor();
        await page.context().close();
    }
}, 120_000);

/** Goes through what a viewer sees of a conversation and of an insight, and tries to decide. */
async function lookAround(page: Page, by: "keyboard" | "mouse") {
    const press = async (...keys: string[]) => {
        for (const key of keys) await page.keyboard.press(key);
    };
    if (by === "keyboard") await press("g", "c");
    else await page.getByRole("link", { name: "Conversations" }).click();
    await page.locator("[data-at]").first().waitFor();
    if (by === "keyboard") {
        await tabTo(page, /shop|Somebody/);
        await press("ArrowDown", "Enter");
    } else await page.locator("[data-at]").nth(1).click();
    await page.waitForURL(/\/app\/conversations\/[0-9a-f-]{36}/);
    await page.getByText("You reach me at").first().waitFor();
    await page.locator(".mask").first().waitFor();
    if (by === "keyboard") await press("p");
    else await page.getByRole("button", { name: "Show personal data" }).click();
    await page.getByRole("dialog").getByText("Only agents and admins see personal data").waitFor();
    if (by === "keyboard") await press("Enter");
    else await page.getByRole("dialog").getByRole("button", { name: "Close" }).click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect(await page.getByRole("button", { name: /Not this insight|Move/ }).count()).toBe(0);
    expect(await page.locator("main").innerText()).not.toContain("@example.com");
    if (by === "keyboard") await press("g", "i");
    else await page.getByRole("link", { name: "Insights" }).first().click();
    await rows(page).first().waitFor();
    if (by === "keyboard") {
        for (const key of ["r", "e", "a", "c", "m"]) {
            await press(key);
            expect(await page.getByRole("dialog").or(page.getByRole("menu")).count(), key).toBe(0);
        }
        await notice(page, /Viewers decide nothing/)
            .first()
            .waitFor();
        await press("Home", "Enter");
    } else {
        await rows(page).first().hover();
        expect(await rows(page).first().getByRole("checkbox").count()).toBe(0);
        await rows(page).first().locator(".what a").click();
    }
    await insightShown(page);
    for (const name of ["Resolve", "Archive", "Edit the sentence", "Look at the merge"])
        expect(await page.getByRole("button", { name, exact: true }).count(), name).toBe(0);
    expect(await page.locator("[data-session]").getByRole("checkbox").count()).toBe(0);
    if (by === "keyboard") await press("g", "s");
    else await page.getByRole("link", { name: "Settings" }).click();
    const parts = page.getByRole("navigation", { name: "Settings" }).getByRole("link");
    await parts.first().waitFor();
    for (let at = 0; at < (await parts.count()); at++) {
        const name = await parts.nth(at).innerText();
        if (by === "keyboard") {
            await parts.nth(at).focus();
            await press("Enter");
        } else await parts.nth(at).click();
        await page.locator("#page").getByRole("heading", { name }).first().waitFor();
        await page.waitForLoadState("networkidle");
        // of one's own account one may change what one likes
        if (name === "Account") continue;
        expect(
            await page.locator("#page").getByRole("button", { disabled: false }).locator(":scope.filled").count(),
            name,
        ).toBe(0);
    }
}

test("a viewer is shown nothing unmasked and can change nothing, by page or by request", async () => {
    const page = await signIn(server, "viewer");
    const asked: string[] = [];
    page.on("response", async (response) => {
        if (response.headers()["content-type"]?.includes("json")) asked.push(await response.text().catch(() => ""));
    });
    const admin = await signIn(server);
    // what is counted up to now moves by itself
    const written = async () => {
        const all = { limit: 100, filter: { status: ["all"] } };
        const { items } = await server.call(admin.context(), "POST", "/insights/rows", all);
        return items.map(({ insight }: any) => insight);
    };
    const before = await written();
    for (const by of ["keyboard", "mouse"] as const) {
        await page.goto(`${server.url}/app/insights`);
        await rows(page).first().waitFor();
        await lookAround(page, by);
    }
    expect(await written()).toEqual(before);
    await admin.context().close();
    // the member's own address is its own
    expect(asked.join()).not.toMatch(/person\d+@/);
    const { items } = await server.call(page.context(), "POST", "/chat/sessions/query", { limit: 1 });
    for (const [method, path] of [
        ["POST", "/insights/bulk"],
        ["POST", "/teams"],
        ["PATCH", "/settings"],
        ["POST", "/imports"],
        ["POST", `/chat/sessions/${items[0].session.id}/reveal`],
    ] as const) {
        await expect(
            server.call(page.context(), method, path, {
                decision: "resolve",
                insight_ids: [items[0].session.id],
                name: "x",
            }),
            path,
        ).rejects.toThrow(/: 403 /);
    }
    await page.context().close();
}, 60_000);

const created_at = new Date().toISOString();
const record = (id: string) =>
    JSON.stringify({ id, created_at, turns: [{ role: "contact", text: "The discount code does not work" }] });
const ids = (by: string, from: number, to: number) =>
    Array.from({ length: to - from }, (_, at) => `file-${by}-${from + at}`);
/** A file whose last two records are bad. */
const bad = (by: string) => [...ids(by, 0, 18).map((id) => record(id)), '{"turns": "broken', '{"id": "", "turns": []}'];
/** The same file as somebody corrected it. */
const corrected = (by: string) => ids(by, 0, 20).map((id) => record(id));

/** Gives the page a file: chosen by keys, or dropped where it is asked for, or beside. */
async function give(page: Page, by: "keyboard" | "mouse", lines: string[], zone = "[role=group].drop") {
    const text = lines.join("\n");
    if (by === "keyboard") {
        const chooser = page.waitForEvent("filechooser");
        await enter(page, /^Choose a file/);
        const file = { name: "november.jsonl", mimeType: "application/x-ndjson", buffer: Buffer.from(text) };
        return (await chooser).setFiles(file);
    }
    const transfer = await page.evaluateHandle((text) => {
        const transfer = new DataTransfer();
        transfer.items.add(new File([text], "november.jsonl"));
        return transfer;
    }, text);
    for (const event of ["dragenter", "dragover", "drop"])
        await page.locator(zone).dispatchEvent(event, { dataTransfer: transfer });
}

/** What the report of an import says under a name. */
const reported = (page: Page, name: string) =>
    page.locator("dl > div", { hasText: name }).locator("dd").first().innerText();

for (const by of ["keyboard", "mouse"] as const) {
    test(`a file with bad records is looked at first, corrected and imported again, by ${by} alone`, async () => {
        const page = await signIn(server);
        let sent = 0;
        page.on("request", (request) => {
            if (request.method() === "POST" && request.url().endsWith("/imports")) sent++;
        });
        const press = async (name: RegExp) =>
            by === "keyboard" ? enter(page, name) : page.locator("#page").getByText(name).last().click();
        await page.goto(`${server.url}/app/insights`);
        await rows(page).first().waitFor();
        if (by === "keyboard") {
            await page.keyboard.press("g");
            await page.keyboard.press("s");
        } else await page.getByRole("link", { name: "Settings" }).click();
        await press(/^Imports$/);
        await page.getByRole("heading", { name: "Import conversations" }).waitFor();
        // it is looked through; nothing is stored
        await give(page, by, bad(by));
        await page.getByRole("heading", { name: "2 bad records" }).waitFor();
        await page.locator(".big", { hasText: "18 conversations" }).waitFor();
        // once, for as long as nothing is chosen otherwise
        await page.waitForTimeout(700);
        expect(sent).toBe(1);
        await press(/^Cancel$/);
        await page.getByRole("heading", { name: "Import conversations" }).waitFor();
        // what is good of it
        await give(page, by, bad(by));
        await press(/^Import the other 18$/);
        await page.getByText("2 of 20 records").waitFor();
        await page.getByText("Done", { exact: true }).waitFor({ timeout: 30_000 });
        expect(await reported(page, "New")).toBe("18");
        await press(/^Imports$/);
        // and all of it, corrected
        await give(page, by, corrected(by), "#page");
        await press(/^Import 20 conversations$/);
        await page.getByText("Done", { exact: true }).waitFor({ timeout: 30_000 });
        expect(await reported(page, "New")).toBe("2");
        expect(await reported(page, "Unchanged")).toBe("18");
        await page.context().close();
    }, 90_000);

    test(`what was made in the settings is taken back, by ${by} alone`, async () => {
        const page = await signIn(server);
        await page.goto(`${server.url}/app/settings`);
        for (const { part, makes, name, says } of [
            { part: "Teams", makes: "New team", name: `Team ${by}`, says: "is there" },
            { part: "Categories", makes: "New category", name: `Category ${by}`, says: "is there" },
            { part: "API keys", makes: "New key", name: `Key ${by}`, says: "is there" },
            { part: "Members", makes: "Invite", name: `${by}@example.com`, says: "is invited" },
        ]) {
            const dialog = page.getByRole("dialog");
            const made = page.locator(".notice", { hasText: name }).filter({ hasText: says });
            const hasSecret = /keys|Members/.test(part);
            if (by === "keyboard") {
                await page.getByRole("navigation", { name: "Settings" }).waitFor();
                await enter(page, new RegExp(`^${part}$`), part === "Teams" ? "Tab" : "Shift+Tab");
                await page.getByRole("button", { name: makes, exact: true }).waitFor();
                await enter(page, new RegExp(`^${makes}$`));
                await dialog.waitFor();
                await page.keyboard.type(name);
                await page.keyboard.press("Enter");
                await made.waitFor();
                // a secret that is shown once
                if (hasSecret) await dialog.getByRole("button", { name: "Done" }).waitFor();
                if (hasSecret) await page.keyboard.press("Escape");
                await dialog.waitFor({ state: "detached" });
                await page.keyboard.press("z");
            } else {
                await page.getByRole("link", { name: part, exact: true }).click();
                await page.getByRole("button", { name: makes, exact: true }).click();
                await dialog.getByRole("textbox").first().click();
                await page.keyboard.type(name);
                await dialog.locator(".filled").click();
                if (hasSecret) await dialog.getByRole("button", { name: "Done" }).click();
                await dialog.waitFor({ state: "detached" });
                await made.getByRole("button", { name: "Undo" }).click();
            }
            await notice(page, new RegExp(`^Undone: .*${name}`)).waitFor();
            const row = page.getByRole("listitem").filter({ hasText: name });
            if (part === "API keys") await row.getByText(/^Revoked/).waitFor();
            else await row.waitFor({ state: "detached" });
        }
        await page.context().close();
    });
}

test("an invitation is not taken back once somebody has come by it", async () => {
    const page = await signIn(server);
    await page.goto(`${server.url}/app/settings/members`);
    await page.getByRole("button", { name: "Invite", exact: true }).click();
    await page.keyboard.type("soon@example.com");
    await page.keyboard.press("Enter");
    const link = await page.getByLabel("Link to sign in").inputValue();
    await page.keyboard.press("Escape");
    const guest = await visit(server);
    await accept(await guest.newPage(), "keyboard", link);
    await page.keyboard.press("z");
    await notice(page, "Not undone. They have signed in meanwhile").waitFor();
    await guest.close();
    await page.context().close();
});

test("where nothing is yet, the sample is looked at as any file is", async () => {
    const empty = await Server.start([]);
    try {
        const page = await signIn(empty);
        await page.goto(`${empty.url}/app/insights`);
        await page.getByRole("button", { name: "Load sample conversations" }).click();
        await page.locator(".big", { hasText: "5,599 conversations" }).waitFor({ timeout: 60_000 });
        await page.getByRole("button", { name: "Import 5,599 conversations" }).waitFor();
        await page.context().close();
    } finally {
        empty.stop();
    }
}, 90_000);

/** Opens the general settings, makes a link, and saves it; a wrong address first. */
async function linkTickets(page: Page, by: "keyboard" | "mouse", address: string) {
    await page.goto(`${server.url}/app/settings/general`);
    const save = page.getByRole("dialog").getByRole("button", { name: "Save" });
    await page.getByRole("button", { name: "New link" }).waitFor();
    if (by === "keyboard") {
        await enter(page, /^New link/);
        await page.getByLabel(/^Address/).waitFor();
        await tabTo(page, /^What it opens/);
        await page.keyboard.type("Tick");
        await tabTo(page, /^Address/);
        await page.keyboard.type("https://acme.example/tickets");
        await page.keyboard.press("Enter");
    } else {
        await page.getByRole("button", { name: "New link" }).click();
        await page.getByLabel("What it opens").selectOption("Tickets");
        await page.getByLabel(/^Address/).fill("https://acme.example/tickets");
        await save.click();
    }
    const alert = page.getByRole("dialog").getByRole("alert");
    expect(await alert.innerText()).toBe("Expected {id} after the host, where the id of the record stands");
    if (by === "keyboard") {
        await tabTo(page, /^Address/);
        await page.keyboard.press("ControlOrMeta+a");
        await page.keyboard.type(address);
        await page.getByText("would open at").waitFor();
        await page.keyboard.press("Enter");
    } else {
        await page.getByLabel(/^Address/).fill(address);
        await save.click();
    }
    await notice(page, "Links to Zendesk are saved").waitFor();
    await page.getByText(address).waitFor();
}

test("a ticket opens where the workspace says", async () => {
    const external_id = "4711 ü/?";
    const ticketing_system = { name: "zendesk", external_id, id_type: "ticket_id" };
    const said = "Nobody has written back to me";
    const created_at = new Date().toISOString();
    const turns = [{ role: "contact", text: said }];
    server.import([{ id: "ticketed", channel: "web", created_at, ticketing_system, turns }]);
    for (const by of ["keyboard", "mouse"] as const) {
        const page = await signIn(server);
        await linkTickets(page, by, `https://acme.example/${by}/{id}`);
        const link = page.getByRole("link", { name: external_id });
        await page.goto(`${server.url}/app/conversations`);
        await page.getByText(said).first().waitFor();
        if (by === "keyboard") {
            await tabTo(page, /^Somebody/);
            await page.keyboard.press("Enter");
        } else await page.getByText(said).first().click();
        await link.waitFor();
        expect(await link.getAttribute("href")).toBe(`https://acme.example/${by}/4711%20%C3%BC%2F%3F`);
        expect(await link.getAttribute("rel")).toContain("noopener");
        // it is deleted, and the number is a number again
        await page.goto(`${server.url}/app/settings/general`);
        if (by === "keyboard") await enter(page, /^Delete the link to Zendesk/);
        else await page.getByRole("button", { name: "Delete the link to Zendesk" }).click();
        await page.getByText("No links yet").waitFor();
        await page.context().close();
    }
});
