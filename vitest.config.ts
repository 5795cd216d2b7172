import { defineConfig } from "vitest/config";

/**
 * `default` is npm test: no root, no packages of the system. `all` adds what needs them, and takes longer.
 */
const everywhere = { testTimeout: 30_000, hookTimeout: 60_000 };
const elsewhere = ["**/node_modules/**", "**/dist/**"];

export default defineConfig({
  test: {
    globalSetup: ["test/support/global-setup.ts"],
    // One file at a time, on many cores, too: the files share one PostgreSQL, where a writing transaction in any
    // database holds up the order of the change feed in all.
    fileParallelism: false,
    projects: [
      {
        test: {
          ...everywhere,
          name: "default",
          include: ["{src,test,bench}/**/*.test.ts"],
          exclude: [...elsewhere, "**/*.all.test.ts"],
        },
      },
      {
        test: {
          ...everywhere,
          name: "all",
          include: ["{src,test,bench}/**/*.all.test.ts"],
          exclude: elsewhere,
          testTimeout: 120_000,
        },
      },
    ],
  },
});
