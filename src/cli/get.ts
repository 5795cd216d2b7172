/** promptlib get: one prompt, exactly as it is stored. */
import type { Command } from "commander";
import { transcript } from "../prompt/messages.ts";
import type { Prompt } from "../sdk/index.ts";
import { connect } from "./connect.ts";
import { note, onTerminal, printJson } from "./output.ts";
import { examples, jsonOption, projectOption, usage, wholeNumber } from "./verb.ts";

interface GetOptions {
  label?: string;
  version?: number;
  project?: string;
  json?: true;
}

export function registerGet(program: Command): void {
  const command = program
    .command("get <name>")
    .summary("print a prompt")
    .description(
      "Print a prompt: its text exactly as it is stored (but for control characters, on a terminal), or each message of a chat under its role.",
    )
    .option("--label <label>", "the version that has this label; latest when left out")
    .option("--version <n>", "this version", wholeNumber)
    .action(get);
  projectOption(jsonOption(command));
  examples(command, "promptlib get greeting", "promptlib get mail/welcome --label production --json");
}

async function get(name: string, { label, version, project, json }: GetOptions): Promise<void> {
  if (label !== undefined && version !== undefined) throw usage("Either --label or --version can be given.");
  const { client } = await connect({ project });
  const which = version === undefined ? { ...(label === undefined ? {} : { label }) } : { version };
  const { prompt, servedFrom, renamedTo } = await client.fetchPrompt(name, which);
  if (servedFrom === "mirror") note("The database is away: this is the last state that the server knew.");
  if (renamedTo !== null) note(`${name} is called ${renamedTo} now.`);
  if (json) return printJson(prompt);
  process.stdout.write(promptText(prompt, process.stdout.isTTY === true));
}

/**
 * Into a file or another program a text goes to the byte; a terminal gets the line end that it lacks, and nothing that
 * would move its cursor or change its colours.
 */
export function promptText({ text, messages }: Pick<Prompt, "text" | "messages">, terminal: boolean): string {
  const stored = messages ? transcript(messages) : (text ?? "");
  if (!terminal) return stored;
  const shown = onTerminal(stored);
  return shown.endsWith("\n") ? shown : `${shown}\n`;
}
