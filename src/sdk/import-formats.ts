/** Which files belong to which format, by their names and by what is in them; told only where it leaves no doubt. */
import type { ImportQuery } from "../contract/routes.ts";
import { isLangchain, isLangfuse, isRequestOf } from "./import-json.ts";

export type ImportFormat = ImportQuery["format"];

interface Format {
  /** The files of it in a folder. */
  files: RegExp;
  /** Whether its files say themselves what their prompts are called; else the path does. */
  names: boolean;
  /** Where other formats have such names, too: whether what is in the file, as JSON, is of this one. */
  holds?: (value: unknown) => boolean;
}

/** In the order of the help. */
export const importFormats: Readonly<Record<ImportFormat, Format>> = {
  csv: { files: /\.csv$/i, names: true },
  fabric: { files: /(^|\/)(system|user)\.md$/i, names: false },
  prompty: { files: /\.prompty$/i, names: false },
  dotprompt: { files: /\.prompt$/i, names: false },
  openai: { files: /\.json$/i, names: false, holds: isRequestOf("openai") },
  anthropic: { files: /\.json$/i, names: false, holds: isRequestOf("anthropic") },
  langchain: { files: /\.json$/i, names: false, holds: isLangchain },
  langfuse: { files: /\.json$/i, names: true, holds: isLangfuse },
  promptfoo: { files: /(^|\/)promptfooconfig[^/]*\.ya?ml$/i, names: false },
  promptlib: { files: /\.ndjson$/i, names: true },
};

/** What a file may have at most to be looked into, where its name does not tell. */
export const LOOKED_INTO = 8 * 1024 * 1024;

export function isFormat(given: string): given is ImportFormat {
  return Object.hasOwn(importFormats, given);
}

/** Whether a file in a folder is one of this format. */
export function belongsTo(path: string, format: ImportFormat): boolean {
  return importFormats[format].files.test(path);
}

/** The format of one file; `read` answers what it holds as JSON, null where it is none. null: it could be several. */
export async function formatOf(path: string, read: () => Promise<unknown>): Promise<ImportFormat | null> {
  const byName = Object.keys(importFormats)
    .filter(isFormat)
    .filter((format) => belongsTo(path, format));
  const certain = byName.filter((format) => !importFormats[format].holds);
  if (certain.length > 0 || byName.length === 0) return certain[0] ?? null;
  const value = await read();
  const [format, ...others] = byName.filter((each) => importFormats[each].holds?.(value));
  return others.length === 0 ? (format ?? null) : null;
}
