/** promptlib rename: another name for a prompt, in another folder or not. */
import type { Command } from "commander";
import { connect } from "./connect.ts";
import { note, print, printJson } from "./output.ts";
import { examples, jsonOption, projectOption } from "./verb.ts";

interface RenameOptions {
  project?: string;
  json?: true;
}

export function registerRename(program: Command): void {
  const command = program
    .command("rename <name> <to>")
    .summary("give a prompt another name, or move it to another folder")
    .description(
      "Give a prompt another name; folders are part of it. Applications that use the old name go on: it stays as an alias.",
    )
    .action(rename);
  projectOption(jsonOption(command));
  examples(command, "promptlib rename greeting mail/greeting");
}

async function rename(name: string, to: string, { project, json }: RenameOptions): Promise<void> {
  const { client } = await connect({ project });
  const prompt = await client.renamePrompt(name, to);
  if (json) return printJson(prompt);
  print(`${name} is called ${prompt.name} now`);
  note("The old name goes on answering, until a new prompt takes it or: promptlib alias NAME --remove");
}
