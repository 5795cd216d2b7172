/** promptlib nightly: the nightly export, now. The server starts this each night. */
import { setPriority } from "node:os";
import type { Command } from "commander";
import { readConfig } from "../base/config.ts";
import { runNightly } from "../server/nightly.ts";
import { counted, note, print, printJson } from "./output.ts";
import { examples, jsonOption } from "./verb.ts";

export function registerNightly(program: Command): void {
  const command = program
    .command("nightly")
    .summary("make the nightly export now")
    .description(
      "Export every project into the folder of nightly exports (EXPORT_DIR, exports in the home), read it back, and remove the oldest beyond EXPORT_KEEP, but for one that holds clearly more. The server does this each night at EXPORT_AT; PostgreSQL must run.",
    )
    .action(nightly);
  examples(jsonOption(command), "promptlib nightly");
}

/** Others come first. */
const NICE = 10;

async function nightly({ json }: { json?: true }): Promise<void> {
  const config = readConfig();
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stop.abort());
  // Started by a server that is gone, nobody waits for it.
  process.once("disconnect", () => stop.abort());
  setPriority(NICE);
  const made = await runNightly(config, stop.signal);
  if (process.connected) process.disconnect();
  if (json) return printJson(made);
  const { folder, projects, prompts, versions } = made;
  print(folder);
  note(`${counted(projects, "project")}, ${counted(prompts, "prompt")} with ${counted(versions, "version")} exported.`);
}
