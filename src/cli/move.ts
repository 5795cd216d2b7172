/** promptlib move: a prompt into another project. */
import type { Command } from "commander";
import { connect } from "./connect.ts";
import { note, print, printJson } from "./output.ts";
import { examples, jsonOption, projectOption } from "./verb.ts";

interface MoveOptions {
  to?: string;
  project?: string;
  json?: true;
}

export function registerMove(program: Command): void {
  const command = program
    .command("move <name> <to-project>")
    .summary("move a prompt to another project")
    .description(
      "Move a prompt to another project, with its versions, labels and their history. What it was goes into the trash of the project that it leaves: applications there, and their keys, do not reach it any more. To move it to another folder, rename it.",
    )
    .option("--to <name>", "its name there; left out: the one that it has")
    .action(move);
  projectOption(jsonOption(command));
  examples(command, "promptlib move greeting website", "promptlib move greeting website --to mail/greeting");
}

async function move(name: string, toProject: string, { to, project, json }: MoveOptions): Promise<void> {
  const { client } = await connect({ project });
  const prompt = await client.movePrompt(name, { project: toProject, ...(to === undefined ? {} : { name: to }) });
  if (json) return printJson(prompt);
  print(`${name} is in ${prompt.project} now, as ${prompt.name}`);
  note("What it was is in the trash. Applications need a key of the other project, and ask there.");
}
