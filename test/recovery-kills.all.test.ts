/**
 * Whole instances whose jobs and guard are killed in the middle of backups and restores, and which lose their home.
 * RECOVERY_SEED repeats a run of random moments.
 */
import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import fc from "fast-check";
import { afterEach, expect, it } from "vitest";
import { sleep, until } from "../src/base/clock.ts";
import type { DrillReport, RestoreReport } from "../src/contract/recovery-shapes.ts";
import { parseLsn } from "../src/postgres/lsn.ts";
import { existingPlace } from "../src/postgres/place.ts";
import { connectAsSuperuser } from "../src/postgres/roles.ts";
import { readIncarnation } from "../src/recovery/incarnation.ts";
import { temporaryDirectory } from "./support/cluster.ts";
import { freePort } from "./support/free-port.ts";
import { health, Instance } from "./support/instance.ts";
import { kill } from "./support/kill.ts";
import { Ledger } from "./support/ledger.ts";
import { done, info, jobInPhase, order, reports, settled, workplaces } from "./support/recovery-orders.ts";
import { Prompts } from "./support/recovery-prompts.ts";

const seed = Number(process.env.RECOVERY_SEED ?? Math.floor(Math.random() * 2 ** 31));
const ROUNDS = Number(process.env.RECOVERY_ROUNDS ?? 2);
const slow = { timeout: 400_000 };

let instance: Instance;
let ledger: Ledger | null = null;
afterEach(async () => {
  await ledger?.stop();
  ledger = null;
  await instance.remove();
}, 60_000);

/** A backup of its own is there; the address stays. `closed`: nobody else may pass to the home. */
async function started({ closed = false } = {}): Promise<{ url: string; second: string }> {
  const directory = await temporaryDirectory();
  if (closed) await chmod(directory, 0o700);
  const second = join(directory, "second");
  await mkdir(second);
  const port = String(await freePort());
  instance = await Instance.make({ PORT: port, BACKUP_LOCATIONS: `file://${second}` }, { directory });
  const url = await instance.start();
  await settled(instance);
  return { url, second };
}

async function writing(url: string): Promise<Ledger> {
  const key = (await instance.run(["key", "create", "ledger", "--scope", "read", "--scope", "write"])).stdout.trim();
  ledger = new Ledger(instance.home, url, key);
  ledger.start();
  await ledger.more(3);
  return ledger;
}

async function dataDirectory(): Promise<string> {
  const place = await existingPlace(instance.home);
  if (!place) throw new Error("no cluster");
  return place.data;
}

/** Those of the instance; scratch servers of restores count, too. Their children carry titles of their own. */
async function postmasters(): Promise<string[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const commands = await Promise.all(
    pids.map(async (pid) => await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")),
  );
  return commands.filter(
    (command) => command.startsWith(`${instance.home.postgres}/`) && command.includes("/bin/postgres"),
  );
}

interface Round {
  verb: "backup" | "restore";
  /** The data directory goes first. */
  gone: boolean;
  ms: number;
}
const round: fc.Arbitrary<Round> = fc.record({
  verb: fc.constantFrom("restore", "restore", "backup"),
  gone: fc.boolean(),
  ms: fc.integer({ min: 0, max: 4_000 }),
});

it("jobs that are killed at random moments leave the old or the new state, and nothing that runs", slow, async () => {
  const { url } = await started();
  const writes = await writing(url);
  for (const [count, one] of fc.sample(round, { numRuns: ROUNDS, seed }).entries()) {
    const trace = `round ${count} (RECOVERY_SEED=${seed}): ${JSON.stringify(one)}`;
    const before = (await reports(instance, "restores")).length;
    const gone = one.verb === "restore" && one.gone;
    if (gone) await rm(await dataDirectory(), { recursive: true, force: true, maxRetries: 10 });
    const ordered = order(instance, one.verb, ...(one.verb === "restore" ? ["latest"] : []), "--json");
    const pid = await jobInPhase(instance, one.verb, null);
    await sleep(one.ms);
    kill(pid);
    const { code } = await ordered;
    expect([0, 130], trace).toContain(code);
    const place = await existingPlace(instance.home);
    if (gone && place && !(await readdir(place.root)).includes("data")) await done(instance, "restore", "latest");
    const healthy = await until(async () => (await health(url)) === "healthy", { timeout: 60_000 });
    expect(healthy, trace).toBe(true);
    await writes.stop();
    // Where the data directory was there nothing may be lost; else what had reached the location, if a report tells how
    // much that is: a restore that was killed after its swap tells nothing.
    const report = (await reports<RestoreReport>(instance, "restores")).slice(before).at(-1);
    const reached = parseLsn(gone ? (report?.reached.lsn ?? "0/0") : "FFFFFFFF/FFFFFFFF");
    const { kept } = await writes.settle(reached).catch((error: Error) => {
      throw new Error(`${trace}: ${error.message}`);
    });
    process.stdout.write(`${trace}: exit ${code}, ${kept} kept\n`);
    expect(await workplaces(instance), trace).toEqual([]);
    // One that was told to end may take a moment.
    expect(await until(async () => (await postmasters()).length === 1, { timeout: 30_000 }), trace).toBe(true);
    writes.start();
    await writes.more(3);
  }
  const made = await done<{ id: string; in: string[] }>(instance, "backup");
  expect(made.in).toEqual(["primary", "secondary"]);
  expect((await info(instance)).backups.filter(({ state }) => state === "damaged")).toEqual([]);
});

it("a restore that is killed while PostgreSQL starts is told all the same: its report is kept", slow, async () => {
  const { url } = await started();
  const prompts = await Prompts.of(instance, url);
  await prompts.save("one");
  const before = (await reports(instance, "restores")).length;
  const ordered = order(instance, "restore", "latest", "--json");
  kill(await jobInPhase(instance, "restore", "start PostgreSQL"));
  expect((await ordered).code).not.toBe(0);
  const kept = async () => (await reports<RestoreReport>(instance, "restores")).slice(before);
  expect(await until(async () => (await kept()).length === 1, { timeout: 30_000 })).toBe(true);
  const [report] = await kept();
  expect(report).toMatchObject({ target: "everything there is", lost: { bytes: 0 }, oldState: expect.any(String) });
  expect(report?.warnings).toContainEqual(expect.stringContaining("was killed before PostgreSQL answered"));
  expect(report?.downtime).toBeGreaterThan(0);
  expect(await prompts.names()).toEqual(["one"]);
  await prompts.save("two");
});

it(
  "a restore on which PostgreSQL came up, and nobody was left to say so, is told at the next start; WAL goes on",
  slow,
  async () => {
    const { url } = await started();
    const prompts = await Prompts.of(instance, url);
    await prompts.save("one");
    await done(instance, "restore", "latest");
    await instance.stop();
    const before = await reports<RestoreReport>(instance, "restores");
    const life = await readIncarnation(instance.home.recovery);
    const { at, downtime, seconds, ...report } = before.at(-1) as RestoreReport;
    const swap = { format: 1, direction: "in", unconfirmed: true, fresh: "rebuild-1", old: "before-1", replaces: true };
    const rest = {
      incarnation: life,
      before: life,
      control: "of another moment",
      report: { ...report, downSince: at },
    };
    await writeFile(join(instance.home.postgres, "swap.json"), JSON.stringify({ ...swap, ...rest }));
    await instance.start();
    await settled(instance);
    expect(await readdir(instance.home.postgres)).not.toContain("swap.json");
    expect((await reports(instance, "restores")).length).toBe(before.length + 1);
    await prompts.save("two");
    await done(instance, "restore", "latest");
    expect(await prompts.names()).toEqual(["one", "two"]);
  },
);

it(
  "a life that ended with a switched segment, whose padding nobody received, leads on to the next one",
  slow,
  async () => {
    const { url, second } = await started();
    const prompts = await Prompts.of(instance, url);
    await prompts.save("one");
    const { id } = await done<{ id: string }>(instance, "backup");
    await prompts.save("two");
    const client = await connectAsSuperuser(instance.home);
    const { rows } = await client.query<{ name: string }>("select pg_walfile_name(pg_switch_wal()) as name");
    await client.end();
    const segment = rows[0]?.name ?? "";
    const folders = [join(instance.home.root, "backups"), second];
    const whole = async () => (await Promise.all(folders.map((folder) => objectOf(folder, segment)))).every(Boolean);
    expect(await until(whole, { timeout: 30_000 })).toBe(true);
    await instance.stop();
    for (const folder of folders) await withoutPadding(await objectOf(folder, segment), segment);

    await lostUpTo(segment);
    const first = await done<RestoreReport>(instance, "restore", "latest");
    expect(first.reached.lsn).toMatch(/000000$/);
    await instance.start();
    await prompts.save("three");
    await settled(instance, 2);
    await instance.stop();
    // The next restore cannot begin behind the switch.
    for (const folder of folders) {
      for (const name of await readdir(join(folder, "backups"))) {
        if (name > id) await rm(join(folder, "backups", name), { recursive: true });
      }
    }
    await rm(await dataDirectory(), { recursive: true });
    const again = await done<RestoreReport>(instance, "restore", "latest");
    expect(again).toMatchObject({ backup: id, warnings: [] });
    await instance.start();
    expect(await prompts.names()).toEqual(["one", "three", "two"]);
  },
);

/** The database, and what the spool has from the segment on. */
async function lostUpTo(segment: string): Promise<void> {
  const spool = join(instance.home.recovery, "spool");
  for (const { name, parentPath } of await readdir(spool, { recursive: true, withFileTypes: true })) {
    if (/^[0-9A-F]{24}$/.test(name) && name >= segment) await rm(join(parentPath, name));
  }
  await rm(await dataDirectory(), { recursive: true });
}

async function objectOf(folder: string, segment: string): Promise<string | null> {
  const entries = await readdir(join(folder, "wal"), { recursive: true, withFileTypes: true });
  const found = entries.find(({ name }) => name === `${segment}.zst`);
  return found ? join(found.parentPath, found.name) : null;
}

/** In place of the whole segment, and of all behind it, what of it is not zeros, as a fragment. */
async function withoutPadding(object: string | null, segment: string): Promise<void> {
  if (!object) throw new Error(`no ${segment}`);
  const bytes = zstdDecompressSync(await readFile(object));
  const page = 8_192;
  const end = Math.ceil((bytes.findLastIndex((byte) => byte !== 0) + 1) / page) * page;
  for (const name of await readdir(dirname(object))) {
    if (name >= segment) await rm(join(dirname(object), name), { recursive: true });
  }
  await mkdir(join(dirname(object), segment));
  await writeFile(join(dirname(object), segment, `0-${end}.zst`), zstdCompressSync(bytes.subarray(0, end)));
}

it.each(["fetch backup", "start PostgreSQL"])(
  "a guard that is killed in the phase “%s” of a restore is started again, and everything is there",
  slow,
  async (phase) => {
    const { url } = await started();
    const prompts = await Prompts.of(instance, url);
    await prompts.save("one");
    const before = await instance.processes();
    const ordered = order(instance, "restore", "latest");
    await jobInPhase(instance, "restore", phase);
    kill(before.guard);
    expect((await ordered).code).not.toBe(0);
    await prompts.save("two");
    expect(await prompts.names()).toEqual(["one", "two"]);
    // What was written after the guard came back stays: nobody swaps anything under it.
    await sleep(2_000);
    await prompts.save("three");
    expect(await prompts.names()).toEqual(["one", "three", "two"]);
    const data = await dataDirectory();
    const client = await connectAsSuperuser(instance.home);
    const { rows } = await client.query<{ data: string }>("select current_setting('data_directory') as data");
    await client.end();
    expect(rows[0]?.data).toBe(data);
    expect((await stat(join(data, "postmaster.pid"))).isFile()).toBe(true);
    expect(await workplaces(instance)).toEqual([]);
    expect(await postmasters()).toHaveLength(1);
    await done(instance, "restore", "latest");
    expect(await prompts.names()).toEqual(["one", "three", "two"]);
  },
);

it("a home that is lost with everything in it comes back from the location that survived", slow, async () => {
  const { url } = await started();
  const prompts = await Prompts.of(instance, url);
  await prompts.save("one");
  await instance.stop();

  // The database alone, with nothing running.
  await rm(await dataDirectory(), { recursive: true });
  const report = await done<RestoreReport>(instance, "restore", "latest");
  expect(report).toMatchObject({ oldState: null, reached: { newTimeline: 2 }, warnings: [] });
  const { uid } = await stat(await dataDirectory());
  if (process.getuid?.() === 0) expect(uid).not.toBe(0);
  await instance.start();
  expect(await prompts.names()).toEqual(["one"]);
  // The new life has come to the location.
  await settled(instance, 2);
  await prompts.save("two");
  await instance.stop();

  // All of it, the other location included.
  await rm(instance.home.root, { recursive: true });
  const again = await done<RestoreReport>(instance, "restore", "latest");
  expect(again).toMatchObject({ oldState: null, reached: { newTimeline: 3 } });
  if (process.getuid?.() === 0) expect((await stat(await dataDirectory())).uid).toBe(uid);
  await instance.start();
  expect(await prompts.names()).toEqual(["one", "two"]);
  await prompts.save("three");
  const made = await done<{ in: string[] }>(instance, "backup");
  expect(made.in).toEqual(["primary", "secondary"]);
});

it.runIf(process.getuid?.() === 0)(
  "a database that lay outside of the home, because root's home lets nobody in, comes back where it was",
  slow,
  async () => {
    const { url } = await started({ closed: true });
    const place = await existingPlace(instance.home);
    expect(place?.root).toMatch(/^\/var\/lib\/promptlib\//);
    const prompts = await Prompts.of(instance, url);
    await prompts.save("one");
    await instance.stop();
    await rm(place?.root ?? "", { recursive: true });
    const report = await done<RestoreReport>(instance, "restore", "latest");
    expect(report).toMatchObject({ oldState: null });
    await instance.start();
    expect(await prompts.names()).toEqual(["one"]);
    expect((await existingPlace(instance.home))?.root).toBe(place?.root);
    await instance.stop();
    await rm(place?.root ?? "", { recursive: true });
  },
);

it("tables that come and go while a backup is made are no fault, and the drill compares equal", slow, async () => {
  const { second } = await started();
  const client = await connectAsSuperuser(instance.home, "promptlib");
  const manifests = async () =>
    (await readdir(join(second, "backups"), { recursive: true })).filter((name) => name.endsWith("/manifest.json"));
  let over = false;
  const churning = (async () => {
    // Afterwards they stand still: writers who never pause may leave no moment to attest.
    for (let number = 0; !over && (await manifests()).length < 2; number += 1) {
      await client.query(
        `create table churn_${number} as select i, repeat('x', 500) as filler from generate_series(1, 500) i`,
      );
      if (number >= 20) await client.query(`drop table churn_${number - 20}`);
    }
  })();
  const made = await done<{ id: string }>(instance, "backup").finally(() => {
    over = true;
  });
  await churning;
  await client.end();
  expect(made).toMatchObject({ notAttested: null, warnings: [] });
  const drill = await done<DrillReport>(instance, "drill", "database-failure");
  expect(drill).toMatchObject({ ok: true, differences: [], backup: made.id });
  expect(drill.compared.tables).toBeGreaterThan(25);
  await done(instance, "verify", made.id);
});
