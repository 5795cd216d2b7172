/** Bytes of spool files: compared with what comes again, and made durable. */
import { closeSync, fsyncSync, openSync, readSync } from "node:fs";
import { open } from "node:fs/promises";
import { PromptlibError } from "../contract/errors.ts";
import { addBytes, formatLsn, type Lsn } from "../postgres/lsn.ts";

/** Confirmed bytes are never replaced by others: those would be another history. */
export function compareBytes(
  { name, start }: { name: string; start: Lsn },
  file: number,
  offset: number,
  bytes: Buffer,
): void {
  const before = Buffer.alloc(bytes.length);
  for (let done = 0; done < before.length; ) {
    const read = readSync(file, before, done, before.length - done, offset + done);
    if (read === 0) throw tooShort(name);
    done += read;
  }
  if (before.equals(bytes)) return;
  const first = before.findIndex((byte, index) => byte !== bytes[index]);
  throw new PromptlibError("replication_failed", {
    message: `PostgreSQL now sends other WAL at ${formatLsn(addBytes(start, offset + first))} than it did before: its data directory was put back to an earlier state, or lost what it had written.`,
    hint: "What was received before is kept. Begin a new life of the database with: promptlib restore latest.",
    details: { reason: "other_history" },
  });
}

/** Bytes of a file. With `sync` they are on disk afterwards: a process that was killed may have written more than it synced. */
export async function sizeOnDisk(path: string, { sync }: { sync: boolean }): Promise<number> {
  const file = await open(path, "r");
  try {
    if (sync) await file.datasync();
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
}

/** Makes the entries of a directory durable, without letting anything else happen meanwhile. */
export function syncNames(directory: string): void {
  const handle = openSync(directory, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

export function tooShort(name: string): PromptlibError {
  return new PromptlibError("replication_failed", {
    message: `The file ${name} of the spool is shorter than what was written to it.`,
  });
}
