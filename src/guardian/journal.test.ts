import { appendFile, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openLog } from "../base/log.ts";
import type { Job } from "../contract/recovery.ts";
import { Journal } from "./journal.ts";

const EVA = { name: "user:eva", address: "10.0.0.7" };
const blank = { endedAt: null, progress: null, result: null, error: null };
const job: Job = { id: "j1", verb: "drill", options: {}, by: EVA.name, state: "running", startedAt: "", ...blank };

let recovery: string;
beforeEach(async () => {
  recovery = await mkdtemp(join(tmpdir(), "promptlib-journal-"));
});
afterEach(() => rm(recovery, { recursive: true, force: true }));

const file = () => join(recovery, "journal.jsonl");
const open = async () => await Journal.open(recovery, openLog("error", join(recovery, "test.log")));

describe("the journal", () => {
  it("keeps over a restart what the audit log does not have yet, and forgets the rest", async () => {
    const journal = await open();
    await Promise.all([journal.ordered(EVA, "drill", job), journal.ordered(EVA, "cancel", job)]);
    await journal.ended({ ...job, state: "done", endedAt: "2026-11-22T06:00:00.000Z" });
    const [first, second] = (await open()).waiting;
    expect(first).toMatchObject({ deed: "drill", by: "user:eva", address: "10.0.0.7", job: "j1" });
    await (await open()).audited(first?.id ?? "");
    expect((await open()).waiting).toEqual([second]);
    const lines = (await readFile(file(), "utf8")).trim().split("\n");
    expect(lines.map((line) => Object.keys(JSON.parse(line))[0])).toEqual(["deed", "deed", "ended", "audited"]);
  });

  it("passes over lines that are torn, and goes on behind them", async () => {
    await (await open()).ordered(EVA, "backup", job);
    await appendFile(file(), '{"deed":{"id":"x"\n\0\0\0');
    const journal = await open();
    await journal.ordered(EVA, "verify", job);
    expect((await open()).waiting.map(({ deed }) => deed)).toEqual(["backup", "verify"]);
  });

  it("keeps nobody from recovering when it cannot be written", async () => {
    const journal = await open();
    await rm(recovery, { recursive: true });
    await journal.ordered(EVA, "backup", job);
    expect(journal.waiting).toHaveLength(1);
  });

  it("ends nobody when something else is there in its place", async () => {
    const journal = await open();
    await mkdir(file());
    await journal.ordered(EVA, "backup", job);
    await journal.ended(job);
    expect(journal.waiting).toHaveLength(1);
  });
});
