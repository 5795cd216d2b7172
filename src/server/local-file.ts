/**
 * run/server.json: whoever can read it is the local operator. A disk that takes no file is no reason not to answer
 * everybody else: it is written when there is room.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { sleep } from "../base/clock.ts";
import type { Home } from "../base/config.ts";
import { DISK_AWAY, isErrno, readIfExists, writeFileDurably } from "../base/files.ts";

const RETRY_MS = 2_000;

export async function keepLocalFile(home: Home, url: string, token: string): Promise<{ remove(): Promise<void> }> {
  const path = join(home.run, "server.json");
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
