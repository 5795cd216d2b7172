/**
 * One prompt in the mirror: a readable JSON file with its labels and versions. When it would pass 4 MB, older
 * versions move to files of their own, written once.
 */
import { readdir, readFile, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { isErrno, prepareDirectory, readIfExists, writeFileDurably } from "../base/files.ts";
import type { Content } from "../contract/shapes.ts";
import type { Id } from "../database/tables.ts";
import { versionRedacted } from "./find.ts";
import { isAliasFile, readAliasFile, replaceIn } from "./mirror-alias.ts";
import { mirrorPath } from "./mirror-path.ts";
import { type LabelMap, presentPrompt, type VersionRow, versionSummary } from "./stored.ts";

const FILE_LIMIT = 4 * 1024 * 1024;
const FORMAT = 1;

type MirroredContent = Omit<Content, "text" | "messages"> & Partial<Pick<Content, "text" | "messages">>;
export type MirroredVersion = ReturnType<typeof versionSummary> & MirroredContent & { redactedAt?: string };

export interface MirroredPrompt {
  format: typeof FORMAT;
  project: string;
  name: string;
  id: Id;
  type: "text" | "chat";
  description: string;
  tags: string[];
  newest: number;
  revision: string;
  labels: LabelMap;
  /** Names that it had before and still answers under; a file of each leads here. Files of older programs lack it. */
  aliases?: string[];
  /** Versions that say nothing any more. */
  redacted?: number[];
  createdAt: string;
  updatedAt: string;
  /** Older versions in files beside this one, in order. */
  archives: { from: number; to: number; file: string }[];
  versions: MirroredVersion[];
}

export function mirrorFile(folder: string, project: string, name: string): string {
  return join(folder, project, mirrorPath(name));
}

/** The file of the prompt that is called so; null when there is none. A damaged one throws a SyntaxError. */
export async function openMirrored(
  folder: string,
  project: string,
  name: string,
): Promise<{ path: string; prompt: MirroredPrompt } | null> {
  const path = mirrorFile(folder, project, name);
  const prompt = await readMirrorFile(path);
  if (prompt) return { path, prompt };
  const alias = await readAliasFile(path);
  if (!alias) return null;
  const target = mirrorFile(folder, project, alias.prompt);
  const renamed = await readMirrorFile(target);
  return renamed?.id === alias.id ? { path: target, prompt: renamed } : null;
}

export function mirroredVersion(row: VersionRow): MirroredVersion {
  return {
    ...versionSummary(row),
    ...(row.text === null ? {} : { text: row.text }),
    ...(row.messages ? { messages: row.messages } : {}),
    variables: row.variables,
    config: row.config as Content["config"],
    template: row.template,
    ...(row.redacted_at === null ? {} : { redactedAt: row.redacted_at.toISOString() }),
  };
}

/** The file of a prompt; null when there is none. A file that is not one of ours throws a SyntaxError. */
export async function readMirrorFile(path: string): Promise<MirroredPrompt | null> {
  const text = await readIfExists(path);
  if (text === null) return null;
  const value = JSON.parse(text) as Partial<MirroredPrompt> | null;
  if (value?.format !== FORMAT || typeof value.name !== "string" || !Array.isArray(value.versions)) {
    throw new SyntaxError(`${path} is not a file of the mirror`);
  }
  return value as MirroredPrompt;
}

/**
 * Writes the file and, before it, the archives that it needs: all versions of a prompt may be more than memory holds.
 * `versions` come in order, in portions, behind those that the prompt's archives hold. Durable once the caller has
 * synced the directory.
 */
export async function writeMirrorFile(
  path: string,
  prompt: MirroredPrompt,
  versions: AsyncIterable<MirroredVersion[]>,
): Promise<void> {
  let written = prompt;
  let sizes: number[] = [];
  const archiveOlder = async () => {
    const count = olderHalf(sizes);
    const archive = await writeArchive(path, written.versions.slice(0, count));
    written = { ...written, archives: [...written.archives, archive], versions: written.versions.slice(count) };
    sizes = sizes.slice(count);
  };
  for await (const portion of versions) {
    written = { ...written, versions: [...written.versions, ...portion] };
    for (const version of portion) sizes.push(Buffer.byteLength(JSON.stringify(version, null, 2)));
    while (sizes.length > 1 && sizes.reduce((sum, size) => sum + size, 0) > FILE_LIMIT) await archiveOlder();
  }
  let text = mirrorText(written);
  while (sizes.length > 1 && Buffer.byteLength(text) > FILE_LIMIT) {
    await archiveOlder();
    text = mirrorText(written);
  }
  await replaceIn(path, text);
}

function mirrorText(prompt: MirroredPrompt): string {
  return `${JSON.stringify(prompt, null, 2)}\n`;
}

/** How many of the oldest versions make half of the file, so that archives are few and of a good size. */
function olderHalf(sizes: number[]): number {
  let taken = 0;
  let count = 0;
  while (count < sizes.length - 1 && taken < FILE_LIMIT / 2) {
    taken += sizes[count] ?? 0;
    count += 1;
  }
  return count;
}

async function writeArchive(path: string, versions: MirroredVersion[]) {
  const [from, to] = [versions[0]?.version ?? 0, versions.at(-1)?.version ?? 0];
  const file = `${basename(path, ".json")}~${from}-${to}.json`;
  await replaceIn(join(dirname(path), file), `${JSON.stringify(versions, null, 2)}\n`);
  return { from, to, file };
}

/** All versions, from the archives and the file; an archive that is damaged throws a SyntaxError. */
export async function* mirroredVersions(path: string, prompt: MirroredPrompt): AsyncGenerator<MirroredVersion> {
  for (const archive of prompt.archives) {
    const text = await readIfExists(join(dirname(path), basename(archive.file)));
    if (text !== null) yield* JSON.parse(text) as MirroredVersion[];
  }
  yield* prompt.versions;
}

/** One version, from the file or from the archive that holds it; null when the mirror does not have it. */
export async function mirroredVersionOf(
  path: string,
  prompt: MirroredPrompt,
  version: number,
): Promise<MirroredVersion | null> {
  const here = prompt.versions.find((candidate) => candidate.version === version);
  if (here) return here;
  const archive = prompt.archives.find(({ from, to }) => from <= version && version <= to);
  const text = archive ? await readIfExists(join(dirname(path), basename(archive.file))) : null;
  if (text === null) return null;
  return (JSON.parse(text) as MirroredVersion[]).find((candidate) => candidate.version === version) ?? null;
}

/** As the server answers it. Errors: `version_redacted`. */
export function presentMirrored(prompt: MirroredPrompt, version: MirroredVersion) {
  const { createdAt, contentHash, text, messages, redactedAt, ...rest } = version;
  if (redactedAt !== undefined) throw versionRedacted(version.version, new Date(redactedAt));
  return presentPrompt(
    prompt.project,
    prompt,
    {
      ...rest,
      text: text ?? null,
      messages: messages ?? null,
      created_at: new Date(createdAt),
      content_hash: Buffer.from(contentHash.replace("sha256:", ""), "hex"),
    },
    prompt.labels,
  );
}

/** Paths of all prompts' files below the folder of a project; archives, temporary files and dot files left out. */
export function mirrorFiles(folder: string): AsyncGenerator<string> {
  return filesBelow(folder, (name) => name.endsWith(".json") && !isArchive(name) && !isAliasFile(name));
}

/** Paths of all files below the folder that are no dot files and are called as wanted. */
export async function* filesBelow(folder: string, wanted: (name: string) => boolean): AsyncGenerator<string> {
  let entries: Awaited<ReturnType<typeof readEntries>>;
  try {
    entries = await readEntries(folder);
  } catch (error) {
    if (isErrno(error, "ENOENT")) return;
    throw error;
  }
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path, wanted);
    else if (!entry.name.startsWith(".") && wanted(entry.name)) yield path;
  }
}

function readEntries(folder: string) {
  return readdir(folder, { withFileTypes: true });
}

function isArchive(name: string): boolean {
  return /~\d+-\d+\.json$/.test(name);
}

async function withArchives(path: string): Promise<string[]> {
  const prefix = `${basename(path, ".json")}~`;
  const names = await readdir(dirname(path));
  // Exactly: behind the same beginning a shortened name has its hash, and behind that its own archives.
  const archives = names.filter((name) => name.startsWith(prefix) && /^\d+-\d+\.json$/.test(name.slice(prefix.length)));
  return [path, ...archives.map((name) => join(dirname(path), name))];
}

export async function removeMirrorFile(path: string): Promise<void> {
  for (const file of (await withArchives(path)).reverse()) await rm(file, { force: true });
}

export async function removeArchives(path: string): Promise<void> {
  for (const file of (await withArchives(path)).slice(1)) await rm(file, { force: true });
}

/** Moves a prompt's files to another folder, where they are kept as they are. */
export async function moveMirrorFile(path: string, target: string): Promise<void> {
  await prepareDirectory(dirname(target), 0o700);
  for (const file of (await withArchives(path)).reverse()) await move(file, join(dirname(target), basename(file)));
}

async function move(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    // The data directory may lie on another file system than the home.
    if (!isErrno(error, "EXDEV")) throw error;
    await writeFileDurably(to, await readFile(from));
    await rm(from);
  }
}
