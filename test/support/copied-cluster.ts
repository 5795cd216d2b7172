/** A copy of a living cluster, made as a backup program makes it, and its WAL: what a restore begins with. */
import { execFile } from "node:child_process";
import { chmod, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Home } from "../../src/base/config.ts";
import { type Account, postgresAccount } from "../../src/postgres/account.ts";
import { findBinaries, installProgram } from "../../src/postgres/binaries.ts";
import { existingPlace, type Place } from "../../src/postgres/place.ts";
import { connectAsSuperuser } from "../../src/postgres/roles.ts";
import { testPostgresBin } from "./cluster.ts";

const run = promisify(execFile);

/** Where the parts of a test that restores are. */
export interface Origin {
  home: Home;
  place: Place;
  bin: string;
  account: Account | null;
}

export async function originOf(home: Home): Promise<Origin> {
  const place = await existingPlace(home);
  if (!place) throw new Error("no cluster");
  const account = await postgresAccount(place.data);
  return { home, place, account, bin: await installProgram(await findBinaries(testPostgresBin), place.root, account) };
}

/** The low-level backup of PostgreSQL's manual, while the server works, into `target`. */
export async function copyData({ home, place, account }: Origin, target: string): Promise<void> {
  const client = await connectAsSuperuser(home);
  try {
    await client.query("select pg_backup_start('test', true)");
    // Files that vanish while they are copied are none of a backup's business.
    await run("cp", ["-a", place.data, target]).catch(() => {});
    const { rows } = await client.query<{ labelfile: string }>("select labelfile from pg_backup_stop(false)");
    await writeFile(join(target, "backup_label"), rows[0]?.labelfile ?? "");
  } finally {
    await client.end();
  }
  for (const name of ["postmaster.pid", "postmaster.opts"]) await rm(join(target, name), { force: true });
  await rm(join(target, "pg_wal"), { recursive: true });
  await mkdir(join(target, "pg_wal"), { mode: 0o700 });
  if (account) await run("chown", ["-R", `${account.uid}:${account.gid}`, target]);
}

/** All of it up to now, into `target`, which is made. */
export async function copyWal({ home, place }: Origin, target: string): Promise<void> {
  const client = await connectAsSuperuser(home);
  try {
    await client.query("select pg_switch_wal()");
  } finally {
    await client.end();
  }
  await mkdir(target, { recursive: true });
  await chmod(target, 0o755);
  const names = (await readdir(join(place.data, "pg_wal"))).filter((name) => /^[0-9A-F]{24}$/.test(name));
  for (const name of names) await run("cp", ["-a", join(place.data, "pg_wal", name), target]).catch(() => {});
}

/** A copy of a copy, as each restore begins with its own. */
export async function duplicate(from: string, to: string): Promise<string> {
  await run("cp", ["-a", "--reflink=auto", from, to]);
  return to;
}
