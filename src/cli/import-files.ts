/** The files of an import: all of them looked at before anything is sent, then read in pieces. */
import { constants, createReadStream } from "node:fs";
import { access, stat } from "node:fs/promises";
import { type ImportPiece, type ImportQuery, PromptlibError } from "../sdk/index.ts";
import { unreadable, usage } from "./verb.ts";

export interface ImportFile {
  /** As it was given; `-` is standard input. */
  path: string;
  /** Bytes; null where it is not known beforehand. */
  size: number | null;
}

type Format = ImportQuery["format"];
const formats: readonly Format[] = ["csv"];

const PIECE_BYTES = 256 * 1024;

/** Errors: `file_not_found`, `import_format_unknown`, `usage` where the format cannot be told. */
export async function openFiles(
  paths: readonly string[],
  format: string | undefined,
): Promise<{ files: ImportFile[]; format: Format }> {
  // One file named twice would arrive as one file with its header in the middle.
  const distinct = [...new Set(paths)];
  const told = format === undefined ? guessFormat(distinct) : knownFormat(format);
  const files: ImportFile[] = [];
  for (const path of distinct) files.push({ path, size: path === "-" ? null : await sizeOf(path) });
  return { files, format: told };
}

function knownFormat(given: string): Format {
  const format = formats.find((each) => each === given);
  if (!format)
    throw new PromptlibError("import_format_unknown", { message: `The format ${given} cannot be imported.` });
  return format;
}

function guessFormat(paths: readonly string[]): Format {
  for (const path of paths) {
    if (path === "-" || !/\.csv$/i.test(path)) {
      const what = path === "-" ? "what comes in" : path;
      throw usage(`The format of ${what} cannot be told from its name.`, "Say it, with: --format csv");
    }
  }
  return "csv";
}

async function sizeOf(path: string): Promise<number | null> {
  try {
    await access(path, constants.R_OK);
    const found = await stat(path);
    if (!found.isDirectory()) return found.isFile() ? found.size : null;
  } catch (error) {
    throw unreadable(path, error);
  }
  throw new PromptlibError("file_not_found", {
    message: `${path} is a directory.`,
    hint: "Name the files in it.",
  });
}

/** Pieces of at most 256 KiB, as base64: what is no valid UTF-8 arrives as it is, and is reported row by row. */
export async function* piecesOf(
  files: readonly ImportFile[],
  onSent: (path: string, bytes: Uint8Array) => void,
): AsyncGenerator<ImportPiece, void, undefined> {
  for (const { path } of files) {
    let empty = true;
    for await (const data of chunksOf(path)) {
      empty = false;
      for (let start = 0; start < data.length; start += PIECE_BYTES) {
        const piece = data.subarray(start, start + PIECE_BYTES);
        onSent(path, piece);
        yield { path, content: piece.toString("base64"), encoding: "base64" };
      }
    }
    // An empty file is the server's to judge, so it has to arrive.
    if (empty) yield { path, content: "", encoding: "base64" };
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
