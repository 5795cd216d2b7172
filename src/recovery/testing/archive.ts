/** Archives of a test's own, in folders of its own. */
import { mkdtemp, readdir, readFile, readlink, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { type ArchiveOptions, ArchiveWriter } from "../archive-writer.ts";
import { FanOut, type FanOutOptions } from "../fan-out.ts";
import { openFolderLocation } from "../folder-location.ts";
import type { Location } from "../location.ts";

export const FOLDER = "backups/20261122T060000Z-7f3a/";
export const TIME = new Date("2026-11-22T06:00:00Z");

export interface TestFile {
  name: string;
  bytes: Uint8Array;
  mode?: number;
}

export interface Scene {
  root: string;
  /** A folder below the root, as a location. */
  location(name: string): Location;
  remove(): Promise<void>;
}

export async function openScene(parent = tmpdir()): Promise<Scene> {
  const root = await mkdtemp(join(parent, "promptlib-archive-"));
  return {
    root,
    location: (name) => {
      const path = join(root, name);
      return openFolderLocation({ path, url: `file://${path}`, name, domain: "host", required: false, create: true });
    },
    remove: () => rm(root, { recursive: true, force: true }),
  };
}

export async function writeFiles(
  locations: Location[],
  files: TestFile[],
  { fanOut: limits = {}, ...options }: Partial<ArchiveOptions> & { fanOut?: FanOutOptions } = {},
) {
  const fanOut = new FanOut(locations, FOLDER, limits);
  const compression = options.compression ?? "zstd";
  const archive = new ArchiveWriter(fanOut, { ...options, compression });
  for (const { name, bytes, mode = 0o600 } of files) {
    await archive.addFile({ name, size: bytes.length, mode, mtime: TIME }, inPieces(bytes));
  }
  return { ...(await archive.finish()), compression, fanOut };
}

export async function* inPieces(bytes: Uint8Array, size = 65_536) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** Everything below a folder: what it holds, or where a link leads, and its mode. */
export async function treeOf(path: string): Promise<Map<string, { mode: number; content: string | null }>> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const described = entries.map(async (entry) => {
    const full = join(entry.parentPath, entry.name);
    if (entry.isSymbolicLink())
      return [relative(path, full), { mode: 0, content: `→ ${await readlink(full)}` }] as const;
    const mode = (await stat(full)).mode & 0o7777;
    const content = entry.isFile() ? (await readFile(full)).toString("base64") : null;
    return [relative(path, full), { mode, content }] as const;
  });
  return new Map(await Promise.all(described));
}
