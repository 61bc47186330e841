import { svelte } from "@sveltejs/vite-plugin-svelte";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import type { Rolldown } from "vite";
import { defineConfig, type Plugin } from "vitest/config";

const OUT = "../crates/server/dashboard";
/** The font of most of what is shown: had before the first text, so that nothing is laid out twice. */
const FONT = /inter-latin-wght-normal.*\.woff2$/;

/** The first script, and what it has begin: the dashboard with the page that most people open. */
const BEGIN = resolve(import.meta.dirname, "src/begin.ts");
const MAIN = resolve(import.meta.dirname, "src/main.ts");

/** Writes each text file a second time, compressed, as the server embeds and sends it. */
function brotli(): Plugin {
    const isText = (name: string) => /\.(js|css|html|svg)$/.test(name);
    let out = OUT;
    return {
        name: "brotli",
        apply: "build",
        configResolved(config) {
            out = resolve(config.root, config.build.outDir);
        },
        writeBundle() {
            const names = readdirSync(out, { recursive: true, encoding: "utf8" }).filter(isText);
            for (const name of names) {
                const bytes = readFileSync(join(out, name));
                const params = {
                    [constants.BROTLI_PARAM_QUALITY]: 11,
                    [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
                };
                writeFileSync(join(out, `${name}.br`), brotliCompressSync(bytes, { params }));
            }
        },
    };
}

/** Has the page name what the dashboard needs at once, which its first script asks for only after it has run. */
function preloads(): Plugin {
    return {
        name: "preloads",
        apply: "build",
        transformIndexHtml: {
            order: "post",
            handler(html, { bundle }) {
                const chunks = Object.values(bundle ?? {}).filter((file) => file.type === "chunk");
                const main = chunks.find(({ moduleIds }) => moduleIds.includes(MAIN));
                if (!main) throw new Error("the dashboard has no main script");
                const needed = new Set<string>();
                const add = (name: string) => {
                    if (needed.has(name)) return;
                    needed.add(name);
                    chunks.find(({ fileName }) => fileName === name)?.imports.forEach(add);
                };
                add(main.fileName);
                const tag = (rel: string, name: string) => ({
                    tag: "link",
                    attrs: { rel, crossorigin: true, href: `/app/${name}` },
                    injectTo: "head" as const,
                });
                const styles = [...needed].flatMap((name) => {
                    const chunk = chunks.find(({ fileName }) => fileName === name);
                    return [...(chunk?.viteMetadata?.importedCss ?? [])];
                });
                const scripts = [...needed].filter((name) => !html.includes(name));
                const font = Object.keys(bundle ?? {}).find((name) => FONT.test(name));
                if (!font) throw new Error("the dashboard has no font");
                const fontTag = tag("preload", font);
                return [
                    { ...fontTag, attrs: { ...fontTag.attrs, as: "font", type: "font/woff2" } },
                    ...scripts.map((name) => tag("modulepreload", name)),
                    ...styles.filter((name) => !html.includes(name)).map((name) => tag("stylesheet", name)),
                ];
            },
        },
    };
}

/** Returns a module and all that it imports at once. */
function needs(first: string, graph: Rolldown.ChunkingContext): Set<string> {
    const found = new Set<string>();
    const add = (id: string) => {
        if (found.has(id)) return;
        found.add(id);
        graph.getModuleInfo(id)?.importedIds.forEach(add);
    };
    add(first);
    return found;
}

/** Puts all that is loaded first into one file: each further one would cost a request before anything is drawn. */
function inMain(): Rolldown.CodeSplittingNameFunction {
    let main: Set<string> | undefined;
    let begin: Set<string> | undefined;
    return (id, graph) => {
        main ??= needs(MAIN, graph);
        begin ??= needs(BEGIN, graph);
        return main.has(id) && !begin.has(id) ? "main" : null;
    };
}

export default defineConfig({
    base: "/app/",
    plugins: [svelte(), preloads(), brotli()],
    build: {
        outDir: OUT,
        emptyOutDir: true,
        target: "es2023",
        // the policy allows no data: addresses
        assetsInlineLimit: 0,
        modulePreload: { polyfill: false },
        chunkSizeWarningLimit: 200,
        rolldownOptions: {
            output: { codeSplitting: { includeDependenciesRecursively: false, groups: [{ name: inMain() }] } },
        },
    },
    server: {
        // the API of a running server, under the page's own origin
        proxy: Object.fromEntries(
            ["^/(?!app(/|$))"].map((path) => [path, { target: process.env.REFRAIN_URL ?? "http://127.0.0.1:8080" }]),
        ),
    },
    test: { include: ["src/**/*.test.ts"] },
});
