/**
 * data/access.json: who may fetch, for a server that starts while PostgreSQL is away, and for the guardian. It is sealed,
 * so that whoever can write the data directory still cannot let himself in.
 */
import { ACCESS_FILE, readSealed, writeSealed } from "../base/sealed-file.ts";
import type { AccessSnapshot } from "./access.ts";

export async function writeAccessFile(path: string, jwtSecret: string, snapshot: AccessSnapshot): Promise<void> {
  await writeSealed(path, { jwtSecret, purpose: ACCESS_FILE }, JSON.stringify(snapshot));
}

/** What the file holds; null when there is none; "damaged" when it was not written by us as it is. */
export async function readAccessFile(path: string, jwtSecret: string): Promise<AccessSnapshot | null | "damaged"> {
  const file = await readSealed(path, { jwtSecret, purpose: ACCESS_FILE });
  if (file === null || file === "damaged") return file;
  try {
    return JSON.parse(file.content) as AccessSnapshot;
  } catch {
    return "damaged";
  }
}
