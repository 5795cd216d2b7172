import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeIncarnation } from "./incarnation.ts";
import { keepLastSeen, readLastSeen } from "./last-seen.ts";

let recovery: string;
beforeEach(async () => {
  recovery = await mkdtemp(join(tmpdir(), "promptlib-seen-"));
  await begin("aaaaaaaa");
});
afterEach(() => rm(recovery, { recursive: true, force: true }));

const begin = async (incarnation: string) =>
  await writeIncarnation(recovery, { library: "l", incarnation, systemId: "1", from: null, replaces: [] });

describe("how far PostgreSQL was when it was last seen", () => {
  it("is what was kept last", async () => {
    expect(await readLastSeen(recovery)).toBeNull();
    keepLastSeen(recovery, { lsn: "0/3000028", at: "2026-11-22T06:00:00.000Z", incarnation: "aaaaaaaa" });
    keepLastSeen(recovery, { lsn: "0/3000060", at: "2026-11-22T06:00:01.000Z", incarnation: "aaaaaaaa" });
    expect(await readLastSeen(recovery)).toMatchObject({ lsn: "0/3000060", at: "2026-11-22T06:00:01.000Z" });
  });

  it("is not known where the file is torn or something else", async () => {
    for (const text of ['{"lsn":"0/30', '{"lsn":3,"at":"x"}', "[]"]) {
      await writeFile(join(recovery, "last-seen.json"), text);
      expect(await readLastSeen(recovery), text).toBeNull();
    }
  });

  it("is not known in another life of the database, whose positions are others", async () => {
    keepLastSeen(recovery, { lsn: "0/3000028", at: "2026-11-22T06:00:00.000Z", incarnation: "aaaaaaaa" });
    await begin("bbbbbbbb");
    expect(await readLastSeen(recovery)).toBeNull();
  });

  it("is left out, and nothing fails, where the disk does not take it", () => {
    keepLastSeen(join(recovery, "not-there"), { lsn: "0/3", at: "2026-11-22T06:00:00.000Z", incarnation: "aaaaaaaa" });
  });
});
