/** promptlib labelled: all prompts of the project that have a label, or had it at a time. */
import type { Command } from "commander";
import { connect } from "./connect.ts";
import { instantOf } from "./instant.ts";
import { printLabelled } from "./label-history.ts";
import { examples, jsonOption, projectOption } from "./verb.ts";

interface LabelledOptions {
  at?: string;
  project?: string;
  json?: boolean;
}

export function registerLabelled(program: Command): void {
  const command = program
    .command("labelled <label>")
    .summary("list the prompts that have a label, now or at a time")
    .description("List the prompts of the project that have a label, or had it at a time, and the version it is on.")
    .option("--at <time>", "as it was at this time: 2026-11-22T06:00:00Z, or a local time without a zone")
    .action(labelled);
  projectOption(jsonOption(command));
  examples(command, "promptlib labelled production", "promptlib labelled production --at '2026-11-22 06:00'");
}

async function labelled(label: string, { at, project, json = false }: LabelledOptions): Promise<void> {
  const moment = at === undefined ? {} : { at: instantOf(at) };
  const { client } = await connect({ project });
  await printLabelled(client, label, moment, json);
}
