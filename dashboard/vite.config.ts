import { svelte } from "@sveltejs/vite-plugin-svelte";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import { defineConfig, type Plugin } from "vitest/config";

const OUT = "../crates/server/dashboard";

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
        closeBundle() {
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

export default defineConfig({
    base: "/app/",
    plugins: [svelte(), brotli()],
    build: {
        outDir: OUT,
        emptyOutDir: true,
        target: "es2023",
        // the policy allows no data: addresses
        assetsInlineLimit: 0,
        modulePreload: { polyfill: false },
        chunkSizeWarningLimit: 200,
    },
    server: {
        // the API of a running server, under the page's own origin
        proxy: Object.fromEntries(
            ["^/(?!app(/|$))"].map((path) => [path, { target: process.env.REFRAIN_URL ?? "http://127.0.0.1:8080" }]),
        ),
    },
    test: { include: ["src/**/*.test.ts"] },
});
