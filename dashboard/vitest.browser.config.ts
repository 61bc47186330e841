import { defineConfig } from "vitest/config";

/** What takes minutes: `make check` runs it, with `REFRAIN_ALL`. */
const LONG = ["tests/everyone.test.ts", "tests/many.test.ts", "tests/pictures.test.ts"];

/** The tests in a browser: one file after the other, since the machine is shared with the server that is tested. */
export default defineConfig({
    test: {
        include: [process.env.REFRAIN_BENCH_DATA ? "tests/fast.ts" : "tests/**/*.test.ts"],
        exclude: process.env.REFRAIN_ALL || process.env.REFRAIN_PICTURES ? [] : LONG,
        testTimeout: 60_000,
        hookTimeout: 120_000,
        fileParallelism: false,
    },
});
