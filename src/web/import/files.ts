/** The files that somebody gave: dropped or chosen, folders to the bottom; which of them are imported, and as what. */
import { belongsTo, formatOf, type ImportFormat, LOOKED_INTO } from "../../sdk/import-formats.ts";
import type { ImportPiece } from "../../sdk/index.ts";

export interface GivenFile {
  file: File;
  /** With the folder that was given. */
  path: string;
  /** Its path in the folder that was given, of which names are made; of a file that was given, its name. */
  inside: string;
  inFolder: boolean;
}

/** Several: one has to be said. None: nothing of it can be imported. */
export interface Told {
  formats: ImportFormat[];
  /** Files that were given by themselves and tell nothing. */
  unknown: string[];
}

/** What was chosen with the browser's own dialog, a folder or files. */
export function chosenFiles(list: Iterable<File>): GivenFile[] {
  return given([...list].map((file) => ({ file, path: file.webkitRelativePath || file.name })));
}

/** What was dropped. Must be called before the event is over, or the browser tells nothing any more. */
export async function droppedFiles({ items }: DataTransfer): Promise<GivenFile[]> {
  const held = [...items].map((item) => item.webkitGetAsEntry() ?? item.getAsFile());
  const found = await Promise.all(held.map((one) => (one === null ? [] : filesOf(one))));
  return given(found.flat());
}

interface Found {
  file: File;
  path: string;
}

async function filesOf(entry: FileSystemEntry | File): Promise<Found[]> {
  if (entry instanceof File) return [{ file: entry, path: entry.name }];
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    return [{ file, path: entry.fullPath.replace(/^\//, "") }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: Found[] = [];
  // A hundred at a time, until there are none.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return found;
    for (const one of some) found.push(...(await filesOf(one)));
  }
}

/** In the order of their paths, so that each run sends the same; what is hidden is not looked at. */
export function given(found: readonly Found[]): GivenFile[] {
  const seen = found.filter(({ path }) => !path.split("/").some((part) => part.startsWith(".")));
  // A pattern that is given itself still has the name of its folder.
  const single = new Set(
    seen.filter(({ path }) => /^[^/]+\/system\.md$/i.test(path)).map(({ path }) => path.split("/")[0]),
  );
  return seen
    .map(({ file, path }) => {
      const slash = path.indexOf("/");
      const inFolder = slash !== -1;
      const inside = inFolder && !single.has(path.slice(0, slash)) ? path.slice(slash + 1) : path;
      return { file, path, inside, inFolder };
    })
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** What the files tell of their format. */
export async function tellFormat(files: readonly GivenFile[]): Promise<Told> {
  const formats = new Set<ImportFormat>();
  const unknown: string[] = [];
  for (const { file, path, inFolder } of files) {
    const format = await formatOf(path, () => readJson(file));
    if (format) formats.add(format);
    else if (!inFolder) unknown.push(path);
  }
  return { formats: [...formats], unknown };
}

/** Those of the format; a file that was given by itself was meant. */
export function wantedFiles(files: readonly GivenFile[], format: ImportFormat): GivenFile[] {
  return files.filter(({ path, inFolder }) => !inFolder || belongsTo(path, format));
}

async function readJson(file: File): Promise<unknown> {
  if (file.size > LOOKED_INTO) return null;
  try {
    return JSON.parse((await file.text()).replace(/^\ufeff/, ""));
  } catch {
    return null;
  }
}

const PIECE_BYTES = 192 * 1024;

/** As base64: what is no valid UTF-8 arrives as it is, and is reported row by row. */
export async function* piecesOf(files: readonly GivenFile[]): AsyncGenerator<ImportPiece, void, undefined> {
  for (const { file, path, inside } of files) {
    for (let start = 0; start === 0 || start < file.size; start += PIECE_BYTES) {
      const bytes = new Uint8Array(await file.slice(start, start + PIECE_BYTES).arrayBuffer());
      yield { path, inside, content: base64Of(bytes), encoding: "base64" };
    }
  }
}

const AT_ONCE = 8_192;

function base64Of(bytes: Uint8Array): string {
  let binary = "";
  for (let start = 0; start < bytes.length; start += AT_ONCE) {
    binary += String.fromCharCode(...bytes.subarray(start, start + AT_ONCE));
  }
  return btoa(binary);
}
