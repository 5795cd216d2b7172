/** Which format the files of an import have: as it was said, or as they tell themselves. */
import { formatOf, type ImportFormat, importFormats, isFormat } from "../sdk/import-formats.ts";
import { PromptlibError } from "../sdk/index.ts";
import { usage } from "./verb.ts";

export const formatNames = Object.keys(importFormats).join(", ");
const sayIt = `Say it, with: --format F, F being ${formatNames}`;

/** Errors: `import_format_unknown`. */
export function knownFormat(given: string): ImportFormat {
  if (isFormat(given)) return given;
  throw new PromptlibError("import_format_unknown", { message: `The format ${given} cannot be imported.` });
}

/** Errors: `usage` for standard input, which has no path, where the path makes the name. */
export function requireNames(paths: readonly string[], format: ImportFormat): void {
  if (importFormats[format].names || !paths.includes("-")) return;
  throw usage(
    `Prompts of the format ${format} are named after their files, and what comes in has no name.`,
    "Put it into a file, and name that.",
  );
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
    const format = await formatOf(path, () => read(path));
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
