import { defineConfig } from "vitest/config";

/** The tests in a browser: one file after the other, since the machine is shared with the server that is tested. */
export default defineConfig({
    test: {
        include: [process.env.REFRAIN_BENCH_DATA ? "tests/fast.ts" : "tests/**/*.test.ts"],
        testTimeout: 60_000,
        hookTimeout: 120_000,
        fileParallelism: false,
    },
});
