import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it, onTestFinished } from "vitest";
import { temporaryDirectory } from "./support/cluster.ts";

/** Where Debian's package puts it. Skipped where it is not installed; .ci/run installs it. */
const POSTGRES_15 = "/usr/lib/postgresql/15/bin";
const clone = fileURLToPath(new URL("..", import.meta.url));
const MINUTES = 60_000;

interface Report {
  numPassedTests: number;
  testResults: {
    message: string;
    assertionResults: { status: string; fullName: string; failureMessages: string[] }[];
  }[];
}

it.skipIf(!existsSync(join(POSTGRES_15, "postgres")))(
  "the tests of database, library, replication and attested points pass on Debian's PostgreSQL 15, the oldest that DATABASE_URL may name",
  { timeout: 14 * MINUTES },
  async () => {
    const directory = await temporaryDirectory();
    onTestFinished(() => rm(directory, { recursive: true, force: true }));
    const report = join(directory, "report.json");
    // Without what the run that we are part of has set for its own tests.
    const { TMPDIR: _, ...outer } = process.env;
    const env = Object.fromEntries(Object.entries(outer).filter(([name]) => !name.startsWith("VITEST")));
    const run = promisify(execFile)(
      join(clone, "bin/dev"),
      [
        "vitest",
        "run",
        // Faster, and in the run that we are part of each file has a process of its own.
        "--no-isolate",
        "--project",
        "default",
        "--project",
        "all",
        "--reporter",
        "default",
        "--reporter",
        "json",
        "--outputFile",
        report,
        "src/database",
        "src/library",
        "src/postgres/replication",
        "src/recovery/attest",
        "src/recovery/table-figures",
      ],
      { cwd: clone, env: { ...env, TEST_POSTGRES_BIN: POSTGRES_15 }, maxBuffer: 64 * 1024 * 1024 },
    );
    const failure = await run.then(
      () => null,
      (error: { stdout: string; stderr: string }) => `${error.stdout}\n${error.stderr}`,
    );
    const text = await readFile(report, "utf8").catch(() => null);
    if (text === null) throw new Error(`there is no report: ${failure}`);
    const { numPassedTests, testResults } = JSON.parse(text) as Report;
    const failed = testResults.flatMap(({ message, assertionResults }) => [
      ...(message ? [message] : []),
      ...assertionResults.flatMap((test) => (test.status === "failed" ? [test.fullName, ...test.failureMessages] : [])),
    ]);
    expect(failed).toEqual([]);
    // An error that no test waited for is in no report.
    expect(failure?.slice(-10_000) ?? null).toBeNull();
    expect(numPassedTests).toBeGreaterThan(200);
  },
);
