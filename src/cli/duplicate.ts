/** promptlib duplicate: a new prompt out of one version of another. */
import type { Command } from "commander";
import { connect } from "./connect.ts";
import { note, print, printJson } from "./output.ts";
import { examples, jsonOption, projectOption, usage, wholeNumber } from "./verb.ts";

interface DuplicateOptions {
  label?: string;
  version?: number;
  project?: string;
  json?: true;
}

export function registerDuplicate(program: Command): void {
  const command = program
    .command("duplicate <name> <to>")
    .summary("make a new prompt out of another")
    .description("Make a new prompt out of one version of another, with its description and tags, without its labels.")
    .option("--label <label>", "the version that has this label; latest when left out")
    .option("--version <n>", "this version", wholeNumber)
    .action(duplicate);
  projectOption(jsonOption(command));
  examples(command, "promptlib duplicate greeting farewell --label production");
}

async function duplicate(name: string, to: string, { label, version, project, json }: DuplicateOptions): Promise<void> {
  if (label !== undefined && version !== undefined) throw usage("Either --label or --version can be given.");
  const { client } = await connect({ project });
  const which = version === undefined ? { ...(label === undefined ? {} : { label }) } : { version };
  const made = await client.duplicatePrompt(name, to, which);
  if (json) return printJson(made);
  print(`${made.name}: ${made.message}`);
  if (made.nameOf) note(`${made.nameOf} was called ${made.name} before; it answers under that name no more.`);
}
