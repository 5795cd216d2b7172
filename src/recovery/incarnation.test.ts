import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { temporaryDirectory } from "../../test/support/cluster.ts";
import {
  ensureIncarnation,
  type Incarnation,
  nextIncarnation,
  readIncarnation,
  writeIncarnation,
} from "./incarnation.ts";

let directory: string;
beforeEach(async () => {
  directory = await temporaryDirectory();
});
afterEach(() => rm(directory, { recursive: true }));

const refused = expect.objectContaining({ code: "replication_failed" });

it("the first one is made once, and stays", async () => {
  expect(await readIncarnation(directory)).toBeNull();
  const first = await ensureIncarnation(directory, "7001");
  expect(first).toMatchObject({ systemId: "7001", from: null, replaces: [] });
  expect(first.incarnation).toMatch(/^[0-9a-f]{8}$/);
  expect(await ensureIncarnation(directory, "7001")).toEqual(first);
  expect(await readIncarnation(directory)).toEqual(first);
});

it("another database in the place of the old one is refused", async () => {
  await ensureIncarnation(directory, "7001");
  await expect(ensureIncarnation(directory, "7002")).rejects.toThrow(refused);
});

it("receiver and backup that both are the first agree on one", async () => {
  const [one, other] = await Promise.all([ensureIncarnation(directory, "7001"), ensureIncarnation(directory, "7001")]);
  expect(one).toEqual(other);
});

const from = { incarnation: "0a1b2c3d", timeline: 1, lsn: "0/5000100" };
const known: Incarnation = { library: "lib", incarnation: "bbbbbbbb", systemId: "7001", from: null, replaces: [] };

it("a restore begins the next one of the same library, which replaces all that were known", async () => {
  const next = nextIncarnation(known, from, { library: "lib", systemId: "7001", replaces: ["00c0ffee"] });
  expect(next).toMatchObject({ library: "lib", systemId: "7001", from });
  expect(next.replaces).toEqual(["00c0ffee", "0a1b2c3d", "bbbbbbbb"]);
  expect(next.replaces).not.toContain(next.incarnation);
  await writeIncarnation(directory, known);
  await writeIncarnation(directory, next);
  expect(await ensureIncarnation(directory, "7001")).toEqual(next);
});

it("a restore into an empty home continues the library of the backup", () => {
  const next = nextIncarnation(null, from, { library: "lib", systemId: "7001", replaces: [] });
  expect(next).toMatchObject({ library: "lib", systemId: "7001", replaces: ["0a1b2c3d"] });
});

it("a home of another library is not taken over by a restore", () => {
  expect(() => nextIncarnation(known, from, { library: "other", systemId: "7001", replaces: [] })).toThrow(refused);
});

it("a file that cannot be understood is never taken for a first start", async () => {
  await writeFile(join(directory, "incarnation.json"), '{"format":1,"libr');
  await expect(ensureIncarnation(directory, "7001")).rejects.toThrow(refused);
});
