/** The files of an import: all of them looked at before anything is sent, then read in pieces. */
import { constants, createReadStream } from "node:fs";
import { access, readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { isErrno } from "../base/files.ts";
import { belongsTo, type ImportFormat, LOOKED_INTO } from "../sdk/import-formats.ts";
import { type ImportPiece, PromptlibError } from "../sdk/index.ts";
import { guessFormat, knownFormat, requireNames } from "./import-formats.ts";
import { unreadable } from "./verb.ts";

export interface ImportFile {
  /** As it was given, or found in a folder that was given; `-` is standard input. */
  path: string;
  /** Its path in the folder that was given; of a file that was given, its name. */
  inside: string;
  /** Bytes; null where it is not known beforehand. */
  size: number | null;
}

interface Found {
  path: string;
  inside: string;
  inFolder: boolean;
}

const PIECE_BYTES = 256 * 1024;

/**
 * Folders are looked through to the bottom, but for what begins with a dot; `passedOver` is how many files in them are
 * none of the format.
 * Errors: `file_not_found`, `import_format_unknown`, `usage` where the format cannot be told.
 */
export async function openFiles(
  paths: readonly string[],
  format: string | undefined,
): Promise<{ files: ImportFile[]; format: ImportFormat; passedOver: number }> {
  const told = format === undefined ? null : knownFormat(format);
  // One file named twice would arrive as one file with its header in the middle.
  const found = new Map<string, Found>();
  for (const path of new Set(paths)) {
    for (const each of await filesAt(path)) {
      const key = each.path === "-" ? "-" : resolve(each.path);
      if (!found.has(key)) found.set(key, each);
    }
  }
  const all = [...found.values()];
  const chosen = told ?? (await guessFormat(all, readJson));
  requireNames(paths, chosen);
  const wanted = all.filter(({ path, inFolder }) => !inFolder || belongsTo(path, chosen));
  if (wanted.length === 0) {
    throw new PromptlibError("file_not_found", {
      message: `No file of the format ${chosen} was found.`,
      hint: "docs/importing.md says which files each format has.",
    });
  }
  const files: ImportFile[] = [];
  for (const { path, inside } of wanted) {
    files.push({ path, inside, size: path === "-" ? null : await sizeOf(path) });
  }
  return { files, format: chosen, passedOver: all.length - wanted.length };
}

/** What is no JSON is null here: the server says what is wrong with it, once the format is said. */
async function readJson(path: string): Promise<unknown> {
  try {
    const size = await sizeOf(path);
    if (size === null || size > LOOKED_INTO) return null;
    return JSON.parse((await readFile(path, "utf8")).replace(/^\ufeff/, ""));
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw unreadable(path, error);
  }
}

async function filesAt(path: string): Promise<Found[]> {
  if (path === "-") return [{ path, inside: path, inFolder: false }];
  try {
    if (!(await stat(path)).isDirectory()) return [{ path, inside: named(path), inFolder: false }];
    const inside = await filesBelow(path, "");
    // A pattern that is given itself still has the name of its folder.
    const single = inside.some((each) => each === "system.md");
    return inside.map((each) => ({
      path: join(path, each),
      inside: single ? `${basename(resolve(path))}/${each}` : each,
      inFolder: true,
    }));
  } catch (error) {
    // What cannot be read may be deep in it.
    throw unreadable(isErrno(error) ? (error.path ?? path) : path, error);
  }
}

function named(path: string): string {
  const name = basename(path);
  return /^(system|user)\.md$/i.test(name) ? `${basename(dirname(resolve(path)))}/${name}` : name;
}

/** In the order of their names, a folder's files before its folders, so that each run sends the same. */
async function filesBelow(root: string, folder: string): Promise<string[]> {
  const entries = await readdir(join(root, folder), { withFileTypes: true });
  const names = entries.filter(({ name }) => !name.startsWith(".")).sort((a, b) => (a.name < b.name ? -1 : 1));
  const files: string[] = [];
  for (const entry of names) {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (entry.isFile() || (entry.isSymbolicLink() && (await isNoFolder(join(root, path))))) files.push(path);
  }
  for (const entry of names) {
    if (entry.isDirectory()) {
      files.push(...(await filesBelow(root, folder === "" ? entry.name : `${folder}/${entry.name}`)));
    }
  }
  return files;
}

/**
 * A link counts as what it leads to, unless that is a folder: links can go in circles. One that leads nowhere is passed
 * over like any file, or refused by its own name where it would be sent.
 */
async function isNoFolder(link: string): Promise<boolean> {
  try {
    return (await stat(link)).isFile();
  } catch (error) {
    if (isErrno(error)) return true;
    throw error;
  }
}

async function sizeOf(path: string): Promise<number | null> {
  try {
    await access(path, constants.R_OK);
    const found = await stat(path);
    return found.isFile() ? found.size : null;
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** Pieces of at most 256 KiB, as base64: what is no valid UTF-8 arrives as it is, and is reported row by row. */
export async function* piecesOf(
  files: readonly ImportFile[],
  onSent: (path: string, bytes: Uint8Array) => void,
): AsyncGenerator<ImportPiece, void, undefined> {
  for (const { path, inside } of files) {
    let empty = true;
    for await (const data of chunksOf(path)) {
      empty = false;
      for (let start = 0; start < data.length; start += PIECE_BYTES) {
        const piece = data.subarray(start, start + PIECE_BYTES);
        onSent(path, piece);
        yield { path, inside, content: piece.toString("base64"), encoding: "base64" };
      }
    }
    // An empty file is the server's to judge, so it has to arrive.
    if (empty) yield { path, inside, content: "", encoding: "base64" };
  }
}

async function* chunksOf(path: string): AsyncGenerator<Buffer, void, undefined> {
  const stream = path === "-" ? process.stdin : createReadStream(path, { highWaterMark: PIECE_BYTES });
  try {
    for await (const data of stream) yield Buffer.isBuffer(data) ? data : Buffer.from(String(data));
  } catch (error) {
    throw unreadable(path, error);
  }
}
