/** What a browser has to load, as it is sent. */

import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const BUILT = join(import.meta.dirname, "../../crates/server/dashboard");

/** The bytes of a built file as they are sent. */
function sent(name: string): number {
    const isFont = name.endsWith(".woff2");
    return statSync(join(BUILT, isFont ? name : `${name}.br`)).size;
}

/** The files that a script or style refers to at once: static imports alone. */
function needed(names: string[]): Set<string> {
    const found = new Set<string>();
    const add = (name: string) => {
        if (found.has(name)) return;
        found.add(name);
        if (!name.endsWith(".js")) return;
        const text = readFileSync(join(BUILT, name), "utf8");
        for (const [, other] of text.matchAll(/(?:from|import)\s*"\.\/([^"]+\.js)"/g)) add(`assets/${other}`);
    };
    names.forEach(add);
    return found;
}

test("the first load of the home is at most 250 kB, of which script 160 kB", () => {
    const html = readFileSync(join(BUILT, "index.html"), "utf8");
    const named = [...html.matchAll(/\/app\/(assets\/[^"]+)/g)].map(([, name]) => name!);
    const files = [...needed(named)];
    const latin = readdirSync(join(BUILT, "assets"))
        .filter((name) => /latin-wght/.test(name))
        .map((name) => `assets/${name}`);
    expect(latin).toHaveLength(1);
    const script = files.filter((name) => name.endsWith(".js")).reduce((sum, name) => sum + sent(name), 0);
    const all = [...new Set(["index.html", ...files, ...latin])].reduce((sum, name) => sum + sent(name), 0);
    console.log(`first load: ${all} bytes, of which script ${script}`);
    expect(script).toBeLessThanOrEqual(160_000);
    expect(all).toBeLessThanOrEqual(250_000);
});

test("no page further than the home takes more than 60 kB", () => {
    const html = readFileSync(join(BUILT, "index.html"), "utf8");
    const home = needed([...html.matchAll(/\/app\/(assets\/[^"]+)/g)].map(([, name]) => name!));
    for (const name of readdirSync(join(BUILT, "assets")).filter((name) => name.endsWith(".js"))) {
        const own = [...needed([`assets/${name}`])].filter((other) => !home.has(other));
        const all = own.reduce((sum, other) => sum + sent(other), 0);
        expect.soft(all, name).toBeLessThanOrEqual(60_000);
    }
});
