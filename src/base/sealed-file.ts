/**
 * A file that is only believed as it was written: sealed with a key derived from JWT_SECRET, so that whoever can write
 * where it lies still cannot change what it says.
 */
import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import { readIfExists, writeFileDurably } from "./files.ts";

const FORMAT = 1;

interface Seal {
  jwtSecret: string;
  /** What the file is for: a seal for one purpose holds for no other. */
  purpose: string;
}

export async function writeSealed(path: string, seal: Seal, content: string): Promise<void> {
  await writeFileDurably(path, JSON.stringify({ format: FORMAT, seal: sealOf(seal, content), content }));
}

/** null when there is none; "damaged" when it was not written by us as it is. */
export async function readSealed(path: string, seal: Seal): Promise<{ content: string } | null | "damaged"> {
  const text = await readIfExists(path);
  if (text === null) return null;
  try {
    const file = JSON.parse(text) as { format?: unknown; seal?: unknown; content?: unknown } | null;
    if (file?.format !== FORMAT || typeof file.seal !== "string" || typeof file.content !== "string") return "damaged";
    const expected = Buffer.from(sealOf(seal, file.content));
    const given = Buffer.from(file.seal);
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return "damaged";
    return { content: file.content };
  } catch (error) {
    if (error instanceof SyntaxError) return "damaged";
    throw error;
  }
}

function sealOf({ jwtSecret, purpose }: Seal, content: string): string {
  const key = Buffer.from(hkdfSync("sha256", jwtSecret, "", purpose, 32));
  return createHmac("sha256", key).update(content).digest("hex");
}

/** Of data/access.json: who may what, written by the server, for when the database is away. */
export const ACCESS_FILE = "promptlib access file";
