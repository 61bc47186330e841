/** A server with conversations, and browsers of members who are signed in to it. */

import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server as Proxy } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from "playwright-core";

/** The binary that is tested. */
const BINARY = process.env.REFRAIN_BINARY ?? join(import.meta.dirname, "../../target/debug/refrain");
/** The browser. */
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
/** Where pictures are kept. */
export const PICTURES = join(import.meta.dirname, "../../target/pictures");

/** The password of every member of the tests. */
export const PASSWORD = "correct horse battery";

/** A role, and the member of the tests who has it. */
export type Role = "admin" | "agent" | "viewer";

export interface Conversation {
    id: string;
    [member: string]: unknown;
}

/** The library under which a process lives at another time (on Debian the package libfaketime), if the machine has it. */
export const FAKETIME = ["x86_64", "aarch64"]
    .map((machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketime.so.1`)
    .find((path) => existsSync(path));

/** Returns the environment of a process that lives at a time, which goes on from there. */
function living(at?: string): NodeJS.ProcessEnv {
    if (!at) return process.env;
    const time = { FAKETIME: `@${at.slice(0, 19).replace("T", " ")}`, FAKETIME_DONT_FAKE_MONOTONIC: "1", TZ: "UTC" };
    return { ...process.env, ...time, LD_PRELOAD: FAKETIME };
}

/** A server on a database of its own. */
export class Server {
    private constructor(
        readonly url: string,
        private readonly folder: string,
        private process: ChildProcess,
        private readonly common: string[],
        private readonly isOwn: boolean,
        private readonly at?: string,
    ) {}

    /** Imports conversations, invites one member of each role, and serves. `TEST_DATABASE_URL` names a PostgreSQL server to use. */
    static async start(conversations: Conversation[], at?: string): Promise<Server> {
        if (!existsSync(BINARY)) throw new Error(`${BINARY} is missing: cargo build --bin refrain`);
        const folder = mkdtempSync(join(tmpdir(), "refrain-dashboard-"));
        const common = ["--data", folder];
        if (process.env.TEST_DATABASE_URL) common.push("--database-url", newDatabase(process.env.TEST_DATABASE_URL));
        const file = join(folder, "conversations.jsonl");
        writeFileSync(file, conversations.map((conversation) => JSON.stringify(conversation)).join("\n"));
        if (conversations.length) run(["import", file, ...common], at);
        return Server.serve(folder, common, true, at);
    }

    /** Serves a data folder that is there. */
    static async open(folder: string): Promise<Server> {
        return Server.serve(folder, ["--data", folder], false);
    }

    /** Ends it, and goes on at another time with further conversations. */
    async goOn(conversations: Conversation[], at: string): Promise<Server> {
        await this.crash();
        const next = new Server(this.url, this.folder, this.process, this.common, this.isOwn, at);
        next.import(conversations);
        return Server.listen(this.folder, this.common, this.isOwn, at);
    }

    private static async serve(folder: string, common: string[], isOwn = true, at?: string): Promise<Server> {
        const server = await Server.listen(folder, common, isOwn, at);
        for (const role of ["admin", "agent", "viewer"] as const) await server.enroll(role);
        return server;
    }

    private static async listen(
        folder: string,
        common: string[],
        isOwn: boolean,
        at?: string,
        port = "0",
    ): Promise<Server> {
        const log = openSync(logOf(folder), "a");
        const child = spawn(BINARY, ["serve", "--listen", `127.0.0.1:${port}`, "--rate-limit", "0", ...common], {
            stdio: ["ignore", "pipe", log],
            env: living(at),
        });
        closeSync(log);
        const url = await new Promise<string>((resolve, reject) => {
            let said = "";
            child.stdout!.on("data", (bytes: Buffer) => {
                said += String(bytes);
                const found = /http:\/\/127\.0\.0\.1:\d+/.exec(said);
                if (found) resolve(found[0]);
            });
            child.on("exit", () => reject(new Error(`the server ended: ${said}`)));
        });
        return new Server(url, folder, child, common, isOwn, at);
    }

    /** Returns a one-time link for a new member. */
    invite(email: string, role: Role): string {
        const said = run(["members", "invite", email, "--role", role, ...this.common], this.at);
        const found = /\/sign-in\?link=[^\s]+/.exec(said);
        if (!found) throw new Error(`no link in ${said}`);
        return this.url + found[0];
    }

    private async enroll(role: Role) {
        const link = new URL(this.invite(`${role}@example.com`, role)).searchParams.get("link");
        const body = JSON.stringify({ link, password: PASSWORD });
        const answer = await fetch(`${this.url}/sign-in`, {
            method: "POST",
            headers: { "content-type": "application/json" },
            body,
        });
        if (!answer.ok) throw new Error(`sign-in: ${answer.status} ${await answer.text()}`);
    }

    /** Calls the API as a member does. */
    async call(page: BrowserContext, method: string, path: string, data?: unknown): Promise<any> {
        const me = await (await page.request.get(`${this.url}/me`)).json();
        const headers = { "x-forgery-token": me.forgery_token, "content-type": "application/json" };
        const answer = await page.request.fetch(this.url + path, {
            method,
            headers,
            data: data === undefined ? undefined : JSON.stringify(data),
        });
        if (!answer.ok()) throw new Error(`${method} ${path}: ${answer.status()} ${await answer.text()}`);
        return answer.json();
    }

    /** Imports further conversations while it serves. */
    import(conversations: Conversation[]) {
        const file = join(this.folder, `${conversations.length}-${Date.now()}.jsonl`);
        writeFileSync(file, conversations.map((conversation) => JSON.stringify(conversation)).join("\n"));
        run(["import", file, ...this.common], this.at);
    }

    /** Returns what it has logged. */
    log(): string {
        return readFileSync(logOf(this.folder), "utf8");
    }

    /** Stops it without ending it: it answers nothing until {@link resume}. */
    pause() {
        this.process.kill("SIGSTOP");
    }

    resume() {
        this.process.kill("SIGCONT");
    }

    /** Ends it as a crash does: nobody answers at its address until {@link comeBack}. */
    async crash() {
        this.process.kill("SIGKILL");
        await once(this.process, "exit");
    }

    /** Serves again, at the same address. */
    async comeBack() {
        const { port } = new URL(this.url);
        this.process = (await Server.listen(this.folder, this.common, this.isOwn, this.at, port)).process;
    }

    stop() {
        this.process.kill("SIGKILL");
        if (this.isOwn) rmSync(this.folder, { recursive: true, force: true });
    }
}

const logOf = (folder: string) => join(folder, "server.log");

function run(args: string[], at?: string): string {
    const { status, stdout, stderr } = spawnSync(BINARY, args, { encoding: "utf8", env: living(at) });
    if (status !== 0) throw new Error(`refrain ${args[0]}: ${stderr || stdout}`);
    return stdout;
}

/** Makes a database on a PostgreSQL server, and returns its address. */
function newDatabase(server: string): string {
    const name = `dashboard_${process.pid}_${Date.now()}`;
    const { status, stderr } = spawnSync("psql", [server, "--quiet", "--command", `create database ${name}`], {
        encoding: "utf8",
    });
    if (status !== 0) throw new Error(`psql: ${stderr}`);
    const url = new URL(server);
    url.pathname = `/${name}`;
    return url.href;
}

/** What a browser met that it should not have: errors, violations of the policy, requests to other hosts. */
export const unwanted: string[] = [];

const browsers = new Map<number, Browser>();

/** The proxy through which a browser asks all hosts but the tested one: it answers nobody, and notes who is asked for. */
let proxy: Promise<Proxy> | undefined;

/** Whom the browser asks for itself, whatever it shows. */
const OF_THE_BROWSER = /(^|[/.])(google|googleapis|gstatic|gvt1)\.com(:|\/|$)/;

/** Starts the proxy. */
function noting(): Promise<Proxy> {
    const note = (asked = "") => OF_THE_BROWSER.test(asked) || unwanted.push(`asked the proxy for ${asked}`);
    const answering = createServer((request, response) => {
        note(request.url);
        response.writeHead(502).end();
    });
    answering.on("connect", (request, socket) => {
        note(request.url);
        socket.destroy();
    });
    // the tests end without it
    answering.unref();
    return new Promise((resolve) => answering.listen(0, "127.0.0.1", () => resolve(answering)));
}

/** Starts the browser that all tests of a file share; another one for each size of text. */
async function start(textSize: number): Promise<Browser> {
    const known = browsers.get(textSize);
    if (known) return known;
    const { port } = (await (proxy ??= noting())).address() as AddressInfo;
    const browser = await chromium.launch({
        executablePath: CHROMIUM,
        proxy: { server: `http://127.0.0.1:${port}`, bypass: "127.0.0.1" },
        args: [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            // letters are as wide on every machine
            "--font-render-hinting=none",
            `--blink-settings=defaultFontSize=${textSize}`,
        ],
    });
    browsers.set(textSize, browser);
    return browser;
}

/** Ends the browsers. */
export async function endBrowser() {
    await Promise.all([...browsers.values()].map((browser) => browser.close()));
    browsers.clear();
}

/** How a window is: as a browser has it, and the size of text to which the browser is set. */
export type WindowOptions = BrowserContextOptions & { textSize?: number };

/** Opens a browser window in which nobody is signed in. */
export async function visit(
    server: Server,
    { textSize = 16, ...options }: WindowOptions = {},
): Promise<BrowserContext> {
    const context = await (
        await start(textSize)
    ).newContext({ viewport: { width: 1440, height: 900 }, locale: "en-GB", ...options });
    context.setDefaultTimeout(20_000);
    context.on("request", (request) => {
        const { origin, protocol } = new URL(request.url());
        if (origin !== server.url && protocol !== "blob:") unwanted.push(`asked ${origin}`);
    });
    context.on("console", (message) => {
        // a refused request is said in the console, and meant in some tests
        if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
            unwanted.push(message.text());
    });
    context.on("weberror", (error) => unwanted.push(String(error.error())));
    return context;
}

/** Opens a window in which a member is signed in. */
export async function signIn(server: Server, role: Role = "admin", options: WindowOptions = {}): Promise<Page> {
    const context = await visit(server, options);
    const data = { email: `${role}@example.com`, password: PASSWORD };
    const answer = await context.request.post(`${server.url}/sign-in`, { data });
    if (!answer.ok()) throw new Error(`sign-in: ${answer.status()}`);
    return context.newPage();
}

/** What the page says about a decision; what its charts and lists say of it too is not meant. */
export const notice = (page: Page, text: string | RegExp) => page.locator(".notices").getByText(text);

/** Keeps a picture of a page. */
export async function picture(page: Page, name: string) {
    mkdirSync(PICTURES, { recursive: true });
    await page.screenshot({ path: join(PICTURES, `${name}.png`) });
}

/** What people say in the shop: the language, the feeling, and three ways of saying each. The first and the fifth are one. */
export const SAID: [string, string, string[]][] = [
    [
        "en",
        "angry",
        [
            "My parcel has not arrived yet and I am furious",
            "My parcel still has not arrived, this is ridiculous",
            "Where is my parcel? It has not arrived, terrible service",
        ],
    ],
    [
        "en",
        "neutral",
        ["I want to cancel my booking", "Please cancel my booking", "How can I cancel the booking I made?"],
    ],
    [
        "en",
        "neutral",
        ["The app crashes when I open it", "Your app crashes each time I open it", "When I open the app it crashes"],
    ],
    [
        "en",
        "neutral",
        ["I was charged twice this month", "You charged me twice this month", "This month I have been charged twice"],
    ],
    [
        "de",
        "angry",
        [
            "Mein Paket ist nicht angekommen, ich bin stinksauer",
            "Das Paket ist immer noch nicht da, eine Frechheit",
            "Wo bleibt mein Paket? Es ist nicht angekommen, ich bin wütend",
        ],
    ],
    [
        "en",
        "neutral",
        ["How do I change my address?", "I need to change my address", "Can you change the address in my account?"],
    ],
];

const DAY = 86_400_000;

/** A made-up shop: some conversations about six things, over the last eight weeks, on four channels. */
export function shop(count = 360, now = Date.now()): Conversation[] {
    return Array.from({ length: count }, (_, at) => {
        const [language, , texts] = SAID[at % SAID.length]!;
        const text = texts[Math.floor(at / 6) % texts.length]!;
        const created = new Date(now - ((at * 37) % 56) * DAY - 3_600_000).toISOString();
        return {
            id: `shop-${at}`,
            channel: ["web", "whatsapp", "email", "phone_voice"][Math.floor(at / 6) % 4],
            language,
            created_at: created,
            status: at % 5 ? "closed_resolved" : "open",
            contact: {
                name: `Person ${at % 150}`,
                email: `person${at % 150}@example.com`,
                custom_data: { plan: ["Free", "Plus"][at % 2] },
            },
            custom_data: { app_version: ["5.1", "5.2"][at % 2] },
            turns: [
                { role: "contact", text, created_at: created },
                { role: "agent", name: "Lena", text: "Let me look that up for you.", created_at: created },
                { role: "contact", text: `You reach me at person${at % 150}@example.com`, created_at: created },
            ],
        };
    });
}
