/** How this program is started again, and how it is called by a human. */
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** Arguments for Node: its flags and the main file. */
export function program(): string[] {
  return [...process.execArgv, process.argv[1] ?? ""];
}

/** `./bin/promptlib` in a clone, `promptlib` where it was installed. */
export function calledAs(): string {
  const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
  if (basename(dirname(root)) === "node_modules") return "promptlib";
  const launcher = join(root, "bin", "promptlib");
  const path = relative(process.cwd(), launcher);
  return path.startsWith("..") ? launcher : `./${path}`;
}
