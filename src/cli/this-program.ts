/** How this program is started again, and how it is called by a human. */
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { isErrno } from "../base/files.ts";

/** Arguments for Node: its flags and the main file. */
export function program(): string[] {
  return [...process.execArgv, process.argv[1] ?? ""];
}

/** `./bin/promptlib` in a clone, `promptlib` where it was installed. */
export function calledAs(): string {
  const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
  if (basename(dirname(root)) === "node_modules") return "promptlib";
  const launcher = join(root, "bin", "promptlib");
  const path = relativeHere(launcher);
  return path === null || path.startsWith("..") ? launcher : `./${path}`;
}

/** null: the directory that this was started in is gone. */
function relativeHere(path: string): string | null {
  try {
    return relative(process.cwd(), path);
  } catch (error) {
    if (isErrno(error, "ENOENT")) return null;
    throw error;
  }
}
