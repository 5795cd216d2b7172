/**
 * run/server.json and run/guardian.json: the address, and a token that lives as long as the process. Whoever can read
 * them is the local operator. A disk that takes no file is no reason not to answer everybody else: it is written when
 * there is room.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { sleep } from "./clock.ts";
import type { Home } from "./config.ts";
import { DISK_AWAY, isErrno, readIfExists, writeFileDurably } from "./files.ts";

type LocalFileName = "server.json" | "guardian.json";

/** A token of the local operator. */
export interface LocalAddress {
  url: string;
  token: string;
}

const RETRY_MS = 2_000;

export async function keepLocalFile(
  home: Home,
  name: LocalFileName,
  { url, token }: LocalAddress,
): Promise<{ remove(): Promise<void> }> {
  const path = join(home.run, name);
  const content = JSON.stringify({ url, token, pid: process.pid });
  const over = new AbortController();
  const whenThereIsRoom = async () => {
    do await sleep(RETRY_MS, over.signal).catch(() => {});
    while (!over.signal.aborted && !(await written(path, content)));
  };
  const writing = (await written(path, content)) ? null : whenThereIsRoom();
  return {
    async remove() {
      over.abort();
      await writing;
      // A successor may have written its own by now.
      if ((await readIfExists(path)) === content) await rm(path, { force: true });
    },
  };
}

async function written(path: string, content: string): Promise<boolean> {
  try {
    await writeFileDurably(path, content, 0o600);
    return true;
  } catch (error) {
    if (isErrno(error, ...DISK_AWAY)) return false;
    throw error;
  }
}

/** null: there is none, or what there is cannot be understood. Throws what the file system says of others' homes. */
export async function readLocalFile(home: Home, name: LocalFileName): Promise<LocalAddress | null> {
  const text = await readIfExists(join(home.run, name));
  try {
    const value: unknown = JSON.parse(text ?? "null");
    return isLocalAddress(value) ? { url: value.url, token: value.token } : null;
  } catch {
    return null; // torn by a crash
  }
}

function isLocalAddress(value: unknown): value is LocalAddress {
  return (
    typeof value === "object" &&
    value !== null &&
    "url" in value &&
    typeof value.url === "string" &&
    "token" in value &&
    typeof value.token === "string"
  );
}
