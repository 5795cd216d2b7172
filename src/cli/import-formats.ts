/** Which files belong to which format, by their names and by what is in them; guessed only where it leaves no doubt. */
import { type ImportQuery, PromptlibError } from "../sdk/index.ts";
import { isLangchain, isLangfuse, isRequestOf } from "./import-json.ts";
import { usage } from "./verb.ts";

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
const formats: Readonly<Record<ImportFormat, Format>> = {
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

export const formatNames = Object.keys(formats).join(", ");
const sayIt = `Say it, with: --format F, F being ${formatNames}`;

function isFormat(given: string): given is ImportFormat {
  return Object.hasOwn(formats, given);
}

/** Errors: `import_format_unknown`. */
export function knownFormat(given: string): ImportFormat {
  if (isFormat(given)) return given;
  throw new PromptlibError("import_format_unknown", { message: `The format ${given} cannot be imported.` });
}

/** Errors: `usage` for standard input, which has no path, where the path makes the name. */
export function requireNames(paths: readonly string[], format: ImportFormat): void {
  if (formats[format].names || !paths.includes("-")) return;
  throw usage(
    `Prompts of the format ${format} are named after their files, and what comes in has no name.`,
    "Put it into a file, and name that.",
  );
}

/** Whether a file in a folder is one of this format. */
export function belongsTo(path: string, format: ImportFormat): boolean {
  return formats[format].files.test(path);
}

interface Guessed {
  path: string;
  inFolder: boolean;
}

/** The one format that all the files have; `read` answers what a file holds as JSON. Errors: `usage`. */
export async function guessFormat(
  files: readonly Guessed[],
  read: (path: string) => Promise<unknown>,
): Promise<ImportFormat> {
  const found = new Set<ImportFormat>();
  for (const { path, inFolder } of files) {
    const format = await formatOf(path, read);
    if (format) found.add(format);
    // In a folder anything may lie around; what was named was meant.
    else if (!inFolder) {
      const what = path === "-" ? "what comes in" : path;
      throw usage(`The format of ${what} cannot be told from its name or content.`, sayIt);
    }
  }
  const [format, ...others] = found;
  if (!format) throw usage("No file of a known format was found.", sayIt);
  if (others.length > 0) {
    throw usage(`The files have several formats: ${[...found].join(", ")}.`, `Import one after the other. ${sayIt}`);
  }
  return format;
}

async function formatOf(path: string, read: (path: string) => Promise<unknown>): Promise<ImportFormat | null> {
  const byName = Object.keys(formats)
    .filter(isFormat)
    .filter((format) => belongsTo(path, format));
  const certain = byName.filter((format) => !formats[format].holds);
  if (certain.length > 0 || byName.length === 0) return certain[0] ?? null;
  const value = await read(path);
  const [format, ...others] = byName.filter((each) => formats[each].holds?.(value));
  return others.length === 0 ? (format ?? null) : null;
}
