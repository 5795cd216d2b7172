import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { now, until } from "../base/clock.ts";
import { parseLsn } from "../postgres/lsn.ts";
import { Receiving } from "./receiving.ts";

const fake = fileURLToPath(new URL("../../test/support/fake-child.ts", import.meta.url));
const GAP = { at: "2026-11-22T06:00:00.000Z", from: "0/3", to: "0/4" };

let directory: string;
let receiving: Receiving;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "promptlib-receiving-"));
  vi.stubEnv("FAKE_TRACE", join(directory, "trace"));
  vi.stubEnv("FAKE_STATUS", JSON.stringify({ state: "streaming", problem: null, gap: null }));
  receiving = new Receiving({ program: [fake], logs: directory });
});
afterEach(async () => {
  await receiving.stop();
  vi.unstubAllEnvs();
  await rm(directory, { recursive: true, force: true });
});

async function streaming(): Promise<void> {
  expect(await until(() => receiving.facts?.state === "streaming", { timeout: 20_000 })).toBe(true);
}

describe("the receiver's process", () => {
  it("is not running before it is started and after it is stopped, whatever it last said", async () => {
    expect(receiving.facts).toMatchObject({ state: "not running (its process is stopped)", streamedAt: null });
    receiving.start();
    await streaming();
    expect(receiving.facts?.streamedAt?.getTime()).toBeGreaterThan(now().getTime() - 30_000);
    await receiving.stop();
    expect(receiving.facts).toMatchObject({
      state: "not running (its process is stopped)",
      streamedAt: expect.any(Date),
    });
    expect(receiving.status).toBeNull();
  });

  it("is there once, and the next one begins only when the one before has gone", async () => {
    receiving.start();
    receiving.start();
    await streaming();
    const gone = receiving.stop();
    receiving.start();
    receiving.start();
    await gone;
    const words = async () =>
      (await readFile(join(directory, "trace"), "utf8")).split("\n").map((line) => line.split(" ")[0]);
    expect(await until(async () => (await words()).length === 4, { timeout: 20_000 })).toBe(true);
    expect(await words()).toEqual(["start", "end", "start", ""]);
  });

  it("that was to start again while it left, and then not any more, stays away", async () => {
    receiving.start();
    await streaming();
    const gone = receiving.stop();
    receiving.start();
    await receiving.stop();
    await gone;
    expect(receiving.facts?.state).toBe("not running (its process is stopped)");
    expect(await readFile(join(directory, "trace"), "utf8")).toMatch(/^start \d+\nend \d+\n$/);
  });

  it("that lost WAL has said so for good: also the next one's silence does not undo it", async () => {
    vi.stubEnv("FAKE_STATUS", JSON.stringify({ state: "waiting", problem: "slot", gap: GAP }));
    receiving.start();
    const lost = { at: new Date(GAP.at), to: parseLsn(GAP.to) };
    expect(await until(() => receiving.lost, { timeout: 20_000 })).toEqual(lost);
    expect(receiving.facts).toEqual({ state: "waiting", problem: "slot", lost, streamedAt: null });
    await receiving.stop();
    vi.stubEnv("FAKE_STATUS", JSON.stringify({ state: "streaming", problem: null, gap: null }));
    receiving.start();
    await streaming();
    expect(receiving.lost).toEqual(lost);
  });

  it("that receives another life of the database says nothing of what the one before lost", async () => {
    vi.stubEnv("FAKE_STATUS", JSON.stringify({ state: "waiting", problem: null, gap: GAP, incarnation: "0a1b2c3d" }));
    receiving.start();
    expect(await until(() => receiving.lost, { timeout: 20_000 })).not.toBeNull();
    await receiving.stop();
    vi.stubEnv(
      "FAKE_STATUS",
      JSON.stringify({ state: "streaming", problem: null, gap: null, incarnation: "4e5f6071" }),
    );
    receiving.start();
    await streaming();
    expect(receiving.lost).toBeNull();
  });
});
