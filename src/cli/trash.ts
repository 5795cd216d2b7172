/** promptlib trash: what was moved there, moving a prompt there, and bringing one back. */
import type { Command } from "commander";
import { type Client, PromptlibError, type TrashedPrompt } from "../sdk/index.ts";
import { connect } from "./connect.ts";
import { everyPage } from "./every-page.ts";
import { localTime, note, print, printJson } from "./output.ts";
import { type Column, printTable } from "./table.ts";
import { examples, jsonOption, projectOption, usage } from "./verb.ts";

interface TrashOptions {
  restore?: true;
  project?: string;
  json?: true;
}

export function registerTrash(program: Command): void {
  const command = program
    .command("trash [name]")
    .summary("list the trash, move a prompt there or bring one back")
    .description(
      "List the prompts in the trash, move one there with all its versions and labels, or bring one back under its name.",
    )
    .option("--restore", "bring it back; of several of that name the last one, or the one with this ID")
    .action(trash);
  projectOption(jsonOption(command));
  examples(command, "promptlib trash", "promptlib trash greeting", "promptlib trash greeting --restore");
}

async function trash(name: string | undefined, { restore, project, ...options }: TrashOptions): Promise<void> {
  const json = options.json === true;
  if (restore && name === undefined) throw usage("Say which prompt is to be brought back, by its name or its ID.");
  const { client } = await connect({ project });
  if (name === undefined) return await listTrash(client, json);
  if (restore) {
    const restored = await client.restorePrompt(await idOf(client, name));
    return json ? printJson(restored) : print(`${restored.name} is back`);
  }
  const trashed = await client.trashPrompt(name);
  if (json) return printJson(trashed);
  print(`${trashed.name} is in the trash`);
  note("Nothing of it is lost: promptlib trash NAME --restore");
}

/** The last one is listed first. */
async function idOf(client: Client, wanted: string): Promise<string> {
  const { items } = await everyPage((page) => client.listTrash(page));
  const name = wanted.normalize("NFC");
  const found = items.find((item) => item.name === name) ?? items.find(({ id }) => id === wanted);
  if (found) return found.id;
  throw new PromptlibError("prompt_not_found", {
    message: `There is no prompt named “${wanted}” in the trash.`,
    hint: "What is in it is listed by: promptlib trash",
  });
}

async function listTrash(client: Client, json: boolean): Promise<void> {
  const trashed = await everyPage((page) => client.listTrash(page));
  if (json) return printJson(trashed);
  if (trashed.items.length === 0) return note("The trash is empty.");
  printTable(columns, trashed.items);
}

const columns: readonly Column<TrashedPrompt>[] = [
  { title: "NAME", cell: ({ name }) => name },
  { title: "VERSION", cell: ({ newest }) => String(newest), right: true, whole: true },
  { title: "TRASHED", cell: ({ trashedAt }) => localTime(trashedAt), whole: true },
  { title: "BY", cell: ({ trashedBy }) => trashedBy },
  { title: "ID", cell: ({ id }) => id, whole: true },
];
