/**
 * Damage in what locations hold, and a restored PostgreSQL that does not come up, on a whole instance with two
 * locations: the other copy is used, or it is said what is wrong and nothing is changed; never is less restored silently.
 */
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { until } from "../src/base/clock.ts";
import type { DrillReport, RestoreReport } from "../src/contract/recovery-shapes.ts";
import { connectAsSuperuser } from "../src/postgres/roles.ts";
import type { Attested } from "../src/recovery/layout.ts";
import { temporaryDirectory } from "./support/cluster.ts";
import { Instance } from "./support/instance.ts";
import { kill } from "./support/kill.ts";
import { done, jobInPhase, order, refused, reports, settled, workplaces } from "./support/recovery-orders.ts";
import { Prompts } from "./support/recovery-prompts.ts";

const PATIENCE = 300_000;
const slow = { timeout: PATIENCE };
let instance: Instance;
let prompts: Prompts;
/** The folders of both locations. */
let folders: [string, string];

beforeAll(async () => {
  const directory = await temporaryDirectory();
  const second = join(directory, "second");
  await mkdir(second);
  instance = await Instance.make({ BACKUP_LOCATIONS: `file://${second}` }, { directory });
  folders = [join(instance.home.root, "backups"), second];
  prompts = await Prompts.of(instance, await instance.start());
  await settled(instance);
}, PATIENCE);
afterAll(async () => {
  await instance.remove();
});

it("a drill whose figures differ says which table, and its report is kept", slow, async () => {
  const { id } = await done<{ id: string }>(instance, "backup");
  const name = `backups/${id}/attested.json`;
  const original = await readFile(join(folders[0], name));
  const attested = JSON.parse(original.toString()) as Attested;
  const table = attested.databases[0]?.tables.find((one) => one.name === "promptlib.users");
  if (!table) throw new Error("no table of users");
  table.rows = "7";
  for (const folder of folders) await replaced(join(folder, name), Buffer.from(JSON.stringify(attested)));

  const error = await refused(instance, "drill", "database-failure");

  for (const folder of folders) await replaced(join(folder, name), original);
  const sentence = "promptlib.users (database promptlib) has 1 rows instead of 7.";
  expect(error).toMatchObject({ exit: 25, code: "comparison_failed", details: { differences: [sentence] } });
  const report = (await reports<DrillReport>(instance, "drills")).at(-1);
  expect(report).toMatchObject({ ok: false, backup: id, failure: null, differences: [{ kind: "rows", sentence }] });
  expect(await workplaces(instance)).toEqual([]);
});

it("a part that is damaged in one location is named, and the copy in the other is used", slow, async () => {
  await prompts.save("kept");
  const { id } = await done<{ id: string }>(instance, "backup");
  const part = `backups/${id}/part-0001.tar.zst`;
  await flip(join(folders[0], part));
  const error = await refused(instance, "verify", id);
  expect(error).toMatchObject({ exit: 21, code: "backup_damaged" });
  expect(JSON.stringify(error.details)).toContain(`primary: ${part}`);
  expect(JSON.stringify(error.details)).not.toContain(`secondary: ${part}`);

  const report = await done<RestoreReport>(instance, "restore", id);

  expect(report.backup).toBe(id);
  expect(await prompts.names()).toEqual(["kept"]);
  await flip(join(folders[1], part));
  const neither = await refused(instance, "restore", id);
  expect(neither).toMatchObject({
    exit: 21,
    message: expect.stringContaining(`No location gave the backup ${id} whole`),
  });
  expect(await prompts.names()).toEqual(["kept"]);
  expect(await workplaces(instance)).toEqual([]);
});

it("WAL that is damaged in one location is taken from the other", slow, async () => {
  await done(instance, "backup");
  await prompts.save("before");
  const segment = await closedSegment();
  await prompts.save("behind");
  await flip(join(folders[0], segment));
  const report = await done<RestoreReport>(instance, "restore", "latest");
  expect(report).toMatchObject({ lost: { bytes: 0 }, warnings: [] });
  expect(await prompts.names()).toEqual(expect.arrayContaining(["before", "behind"]));
});

it(
  "a location that is suddenly empty gets nothing, is told of, and goes on when its disk is there again",
  slow,
  async () => {
    const [, second] = folders;
    // None is due by itself after this, which would miss the location, too.
    await done(instance, "backup");
    await settled(instance);
    await rename(second, `${second}.unmounted`);
    await mkdir(second);
    const made = await done<{ id: string; in: string[]; missing: { reason: string }[] }>(instance, "backup");
    expect(made.in).toEqual(["primary"]);
    expect(made.missing).toEqual([
      expect.objectContaining({ reason: expect.stringContaining("promptlib.json is gone") }),
    ]);
    await prompts.save("written meanwhile");
    expect(await readdir(second)).toEqual([]);
    const said = async () => (await instance.run(["status", "--json"])).stdout;
    expect(await until(async () => /location_problem.*secondary/s.test(await said()), { timeout: 30_000 })).toBe(true);
    await rm(second, { recursive: true });
    await rename(`${second}.unmounted`, second);
    const next = await done<{ in: string[]; filledIn: object[] }>(instance, "backup");
    expect(next.in).toEqual(["primary", "secondary"]);
    expect(next.filledIn).toEqual([{ backup: made.id, location: "secondary", from: "primary" }]);
  },
);

it("a restored PostgreSQL that does not come up gives way to the old one", slow, async () => {
  const id = await backupThatDoesNotComeUp();
  await prompts.save("of the old one");

  const error = await refused(instance, "restore", id);

  expect(error).toMatchObject({
    exit: 24,
    code: "restore_failed",
    message: expect.stringMatching(/^The restored PostgreSQL did not come up: .*read-only transaction/),
  });
  expect(await prompts.names()).toContain("of the old one");
  expect(await workplaces(instance)).toEqual([]);
  expect(await readdir(instance.home.postgres)).not.toContain("swap.json");
});

it(
  "a restored PostgreSQL that does not come up gives way to the old one also when the restore was killed",
  slow,
  async () => {
    const id = await backupThatDoesNotComeUp();
    await prompts.save("of the old one");
    const before = (await prompts.names()).length;

    const ordered = order(instance, "restore", id, "--json");
    kill(await jobInPhase(instance, "restore", "start PostgreSQL"));
    expect((await ordered).code).not.toBe(0);

    const tidied = async () => !(await readdir(instance.home.postgres)).includes("swap.json");
    expect(await until(tidied, { timeout: 30_000 })).toBe(true);
    await prompts.save("written after it");
    expect(await prompts.names()).toHaveLength(before + 1);
    // What is written goes on being stored, in the life that it was before.
    await done(instance, "restore", "latest");
    expect(await prompts.names()).toContain("written after it");
  },
);

/** It lets everybody in who only reads, and cannot be given the right that every start makes sure of. Answers its id. */
async function backupThatDoesNotComeUp(): Promise<string> {
  await superuser(
    "revoke pg_maintain from promptlib_guard",
    "alter role postgres set default_transaction_read_only = on",
  );
  const { id } = await done<{ id: string }>(instance, "backup");
  await superuser(
    "begin read write",
    "alter role postgres reset default_transaction_read_only",
    "grant pg_maintain to promptlib_guard",
    "commit",
  );
  return id;
}

async function superuser(...statements: string[]): Promise<void> {
  const client = await connectAsSuperuser(instance.home, "promptlib");
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

/** Ends the segment that is written now; answers its object, which both locations then hold. */
async function closedSegment(): Promise<string> {
  const client = await connectAsSuperuser(instance.home);
  try {
    const { rows } = await client.query<{ name: string }>(
      "select pg_walfile_name(pg_current_wal_insert_lsn()) as name",
    );
    await client.query("select pg_switch_wal()");
    const name = `${rows[0]?.name}.zst`;
    const found = await until(
      async () => {
        const [first, second] = await Promise.all(folders.map(async (folder) => await objectsOf(folder, name)));
        return first?.[0] && first[0] === second?.[0] ? first[0] : null;
      },
      { timeout: 30_000 },
    );
    if (!found) throw new Error(`${name} was never stored`);
    return found;
  } finally {
    await client.end();
  }
}

async function objectsOf(folder: string, name: string): Promise<string[]> {
  return (await readdir(folder, { recursive: true })).filter((path) => path.endsWith(`/${name}`));
}

/** One bit, in the middle. */
async function flip(path: string): Promise<void> {
  const bytes = await readFile(path);
  const middle = Math.floor(bytes.length / 2);
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  await replaced(path, bytes);
}

/** Objects are not for writing, and a backup may share them with another by a hard link. */
async function replaced(path: string, bytes: Buffer): Promise<void> {
  await rm(path);
  await writeFile(path, bytes, { mode: 0o600 });
}
