/** Makes a restored data directory safe to start: what it brought along from where it lived must not count. */
import { chown, lstat, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { isErrno, readIfExists, syncDirectory, writeFileDurably } from "../base/files.ts";
import { PromptlibError } from "../contract/errors.ts";
import type { Account } from "./account.ts";

const AUTO_CONF = "postgresql.auto.conf";

/** Answers PostgreSQL's major version. `recovers`: WAL is to be fetched. Error: `restore_failed`. */
export async function prepareScratchData(data: string, account: Account | null, recovers: boolean): Promise<number> {
  const version = (await readIfExists(join(data, "PG_VERSION")))?.trim();
  if (!version) throw refused(`${data} holds no PostgreSQL data directory (PG_VERSION is missing)`);
  await refuseWaysOut(data);
  await setAside(join(data, AUTO_CONF));
  await rm(join(data, "standby.signal"), { force: true });
  const signal = join(data, "recovery.signal");
  if (recovers) {
    await writeFileDurably(signal, "");
    if (account) await chown(signal, account.uid, account.gid);
  } else {
    await rm(signal, { force: true });
  }
  await syncDirectory(data);
  return Number.parseInt(version, 10);
}

async function setAside(path: string): Promise<void> {
  try {
    await rename(path, `${path}.before-restore`);
  } catch (error) {
    if (!isErrno(error, "ENOENT")) throw error;
  }
}

/** Symbolic links and tablespaces name directories by their full path: those of the living server. */
async function refuseWaysOut(data: string): Promise<void> {
  if (!(await lstat(data)).isDirectory()) throw refused(`${data} is no directory`);
  if ((await readIfExists(join(data, "tablespace_map")))?.trim()) throw refused("it has tablespaces (tablespace_map)");
  const wal = (await entriesOf(data)).find(({ name }) => name === "pg_wal");
  if (!wal) throw refused("pg_wal is missing");
  for (const folder of [data, join(data, "pg_tblspc")]) {
    for (const entry of await entriesOf(folder)) {
      // Links to single files (certificates, say) are of the configuration, which is not read.
      const leads = folder !== data || /^(pg_|base$|global$)/.test(entry.name);
      if (entry.isSymbolicLink() && leads) {
        throw refused(`${join(folder, entry.name)} is a symbolic link, which leads out of the restored directory`);
      }
    }
  }
}

async function entriesOf(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (isErrno(error, "ENOENT")) return [];
    throw error;
  }
}

function refused(why: string): PromptlibError {
  return new PromptlibError("restore_failed", {
    message: `This data directory is not started: ${why}.`,
    details: { reason: "other", lastLines: [] },
  });
}
