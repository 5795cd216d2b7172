/**
 * data/access.json: who may fetch, for a server that starts while PostgreSQL is away. It is sealed with a key derived
 * from JWT_SECRET, so that whoever can write the data directory still cannot let himself in.
 */
import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import { readIfExists, writeFileDurably } from "../base/files.ts";
import type { AccessSnapshot } from "./access.ts";

const FORMAT = 1;

export async function writeAccessFile(path: string, jwtSecret: string, snapshot: AccessSnapshot): Promise<void> {
  const content = JSON.stringify(snapshot);
  await writeFileDurably(path, JSON.stringify({ format: FORMAT, seal: seal(jwtSecret, content), content }));
}

/** What the file holds; null when there is none; "damaged" when it was not written by us as it is. */
export async function readAccessFile(path: string, jwtSecret: string): Promise<AccessSnapshot | null | "damaged"> {
  const text = await readIfExists(path);
  if (text === null) return null;
  try {
    const file = JSON.parse(text) as { format?: unknown; seal?: unknown; content?: unknown } | null;
    if (file?.format !== FORMAT || typeof file.seal !== "string" || typeof file.content !== "string") return "damaged";
    const expected = Buffer.from(seal(jwtSecret, file.content));
    const given = Buffer.from(file.seal);
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return "damaged";
    return JSON.parse(file.content) as AccessSnapshot;
  } catch (error) {
    if (error instanceof SyntaxError) return "damaged";
    throw error;
  }
}

function seal(jwtSecret: string, content: string): string {
  const key = Buffer.from(hkdfSync("sha256", jwtSecret, "", "promptlib access file", 32));
  return createHmac("sha256", key).update(content).digest("hex");
}
