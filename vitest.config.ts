import { defineConfig } from "vitest/config";
import { LongestFirst } from "./test/support/longest-first.ts";

/**
 * `default` is npm test: no root, no packages of the system. `all` adds what needs them, and takes longer.
 */
const everywhere = {
  testTimeout: 30_000,
  hookTimeout: 60_000,
  // What is waited for comes when it comes: a second, which is vitest's own, is short on a busy machine.
  expect: { poll: { timeout: 20_000 } },
};
const elsewhere = ["**/node_modules/**", "**/dist/**"];

export default defineConfig({
  test: {
    globalSetup: ["test/support/global-setup.ts"],
    // Each worker has a PostgreSQL of its own (global-setup.ts). Files wait more than they work, but a machine with more
    // on it than this is too slow for those that break things at the right moment.
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          ...everywhere,
          name: "default",
          // What a file imports is read once in a worker: a seventh of the time. Each puts back what it changes.
          isolate: false,
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
