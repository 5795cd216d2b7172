/** Which files belong to which format, by their names; a format is only guessed where the names leave no doubt. */
import { type ImportQuery, PromptlibError } from "../sdk/index.ts";
import { usage } from "./verb.ts";

export type ImportFormat = ImportQuery["format"];

interface Format {
  /** The files of it in a folder. */
  files: RegExp;
  /** Whether its files say themselves what their prompts are called; else the path does. */
  names: boolean;
}

/** In the order of the help. */
const formats: Readonly<Record<ImportFormat, Format>> = {
  csv: { files: /\.csv$/i, names: true },
  fabric: { files: /(^|\/)(system|user)\.md$/i, names: false },
  prompty: { files: /\.prompty$/i, names: false },
  dotprompt: { files: /\.prompt$/i, names: false },
};

export const formatNames = Object.keys(formats).join(", ");

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

/** The one format that all the files have; errors: `usage`. */
export function guessFormat(files: readonly { path: string; inFolder: boolean }[]): ImportFormat {
  const found = new Set<ImportFormat>();
  for (const { path, inFolder } of files) {
    const format = formatOf(path);
    if (format) found.add(format);
    // In a folder anything may lie around; what was named was meant.
    else if (!inFolder) {
      const what = path === "-" ? "what comes in" : path;
      throw usage(`The format of ${what} cannot be told from its name.`, sayIt);
    }
  }
  const [format, ...others] = found;
  if (!format) throw usage("No file of a known format was found.", sayIt);
  if (others.length > 0) {
    throw usage(`The files have several formats: ${[...found].join(", ")}.`, `Import one after the other. ${sayIt}`);
  }
  return format;
}

const sayIt = `Say it, with: --format F, F being ${formatNames}`;

function formatOf(path: string): ImportFormat | null {
  return (
    Object.keys(formats)
      .filter(isFormat)
      .find((format) => belongsTo(path, format)) ?? null
  );
}
