/** promptlib trash: what was moved there, moving a prompt there, bringing one back, and throwing it away for good. */
import type { Command } from "commander";
import { now } from "../base/clock.ts";
import { seconds } from "../base/setting-values.ts";
import { type Client, collectPages, PromptlibError, type PurgedPrompt, type TrashedPrompt } from "../sdk/index.ts";
import { confirmed } from "./confirm.ts";
import { connect } from "./connect.ts";
import { count, counted, localTime, note, onOneLine, print, printJson } from "./output.ts";
import { type Column, printTable } from "./table.ts";
import { examples, jsonOption, projectOption, usage } from "./verb.ts";

interface TrashOptions {
  restore?: true;
  purge?: true;
  olderThan?: string;
  yes?: true;
  project?: string;
  json?: true;
}

export function registerTrash(program: Command): void {
  const command = program
    .command("trash [name]")
    .summary("list the trash, move a prompt there, bring one back or purge it")
    .description(
      "List the prompts in the trash, move one there with all its versions and labels, or bring one back under its name. With --purge what is in the trash goes for good.",
    )
    .option("--restore", "bring it back; of several of that name the last one, or the one with this ID")
    .option(
      "--purge",
      "throw it away for good, with all its versions: the one of that name in the trash, or the one with this ID",
    )
    .option("--older-than <time>", "with --purge and without a name: all that were put there longer ago, like 30d")
    .option("--yes", "purge without asking")
    .action(trash);
  projectOption(jsonOption(command));
  examples(
    command,
    "promptlib trash",
    "promptlib trash greeting",
    "promptlib trash greeting --restore",
    "promptlib trash greeting --purge",
    "promptlib trash --purge --older-than 30d --yes",
  );
}

async function trash(name: string | undefined, options: TrashOptions): Promise<void> {
  const { restore, purge, project } = options;
  const json = options.json === true;
  checkOptions(name, options);
  const { client } = await connect({ project });
  if (purge) return await purgeAll(client, name, options);
  if (name === undefined) return await listTrash(client, json);
  if (restore) {
    const [wanted] = await inTrash(client, name);
    const restored = await client.restorePrompt(wanted.id);
    return json ? printJson(restored) : print(`${restored.name} is back`);
  }
  const trashed = await client.trashPrompt(name);
  if (json) return printJson(trashed);
  print(`${trashed.name} is in the trash`);
  note("Nothing of it is lost: promptlib trash NAME --restore");
}

function checkOptions(name: string | undefined, { restore, purge, olderThan, yes }: TrashOptions): void {
  if (restore && purge) throw usage("Give either --restore or --purge.");
  if (restore && name === undefined) throw usage("Say which prompt is to be brought back, by its name or its ID.");
  if (purge && (name === undefined) === (olderThan === undefined)) {
    throw usage("Say what is to be purged: a prompt, by its name or its ID, or --older-than with a time like 30d.");
  }
  if (!purge && (olderThan !== undefined || yes)) throw usage("--older-than and --yes are for --purge.");
  if (olderThan !== undefined && seconds(olderThan) === null) throw usage(`${olderThan} is no time like 12h or 30d.`);
}

async function purgeAll(
  client: Client,
  name: string | undefined,
  { olderThan, yes, json }: TrashOptions,
): Promise<void> {
  const wanted =
    name === undefined
      ? await olderInTrash(client, seconds(olderThan ?? "") ?? 0)
      : [await theOneInTrash(client, name)];
  if (wanted.length > 0 && !yes) await ask(wanted);
  const purged: PurgedPrompt[] = [];
  try {
    for (const { id, name: its } of wanted) {
      purged.push(await client.purgePrompt(id));
      if (!json) print(`${its} is gone`);
    }
  } catch (error) {
    if (purged.length > 0) note(goneText(wanted.slice(0, purged.length), wanted.length));
    throw error;
  }
  if (json) return printJson({ items: purged });
  if (purged.length === 0) return note("Nothing in the trash is that old.");
  note("Backups, WAL and exports from before still hold what is gone as long as they are kept.");
}

function goneText(gone: readonly TrashedPrompt[], all: number): string {
  const each = gone.map(({ name, id }) => onOneLine(`${name} (ID ${id})`));
  return `${count(gone.length)} of ${counted(all, "prompt")} had been purged before this failed: ${each.join(", ")}`;
}

async function ask(wanted: readonly TrashedPrompt[]): Promise<void> {
  for (const { name, newest, trashedAt, id } of wanted) {
    note(`${name} (ID ${id}): ${counted(newest, "version")}, in the trash since ${localTime(trashedAt)}`);
  }
  await confirmed(`This cannot be taken back. Purge ${counted(wanted.length, "prompt")}?`);
}

/** By name, those that were put there last first; or by ID. */
async function inTrash(client: Client, wanted: string): Promise<[TrashedPrompt, ...TrashedPrompt[]]> {
  const { items } = await collectPages((page) => client.listTrash(page));
  const name = wanted.normalize("NFC");
  const named = items.filter((item) => item.name === name);
  const [first, ...rest] = named.length > 0 ? named : items.filter(({ id }) => id === wanted);
  if (first) return [first, ...rest];
  throw new PromptlibError("prompt_not_found", {
    message: `There is no prompt named “${wanted}” in the trash.`,
    hint: "What is in it is listed by: promptlib trash",
  });
}

/** For what cannot be taken back: of several of that name nobody guesses which one is meant. */
export async function theOneInTrash(client: Client, wanted: string): Promise<TrashedPrompt> {
  const found = await inTrash(client, wanted);
  if (found.length === 1) return found[0];
  const each = found.map(
    ({ id, newest, trashedAt }) => `${id} (${counted(newest, "version")}, ${localTime(trashedAt)})`,
  );
  throw usage(`There are ${found.length} of that name in the trash. Say which one by its ID: ${each.join(", ")}.`);
}

async function olderInTrash(client: Client, age: number): Promise<TrashedPrompt[]> {
  const { items } = await collectPages((page) => client.listTrash(page));
  const before = now().getTime() - age * 1000;
  return items.filter(({ trashedAt }) => Date.parse(trashedAt) < before);
}

async function listTrash(client: Client, json: boolean): Promise<void> {
  const trashed = await collectPages((page) => client.listTrash(page));
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
