/** promptlib alias: the names that prompts had before and still answer under. */
import type { Command } from "commander";
import { type Alias, type Client, collectPages } from "../sdk/index.ts";
import { connect } from "./connect.ts";
import { localTime, note, print, printJson } from "./output.ts";
import { type Column, printTable } from "./table.ts";
import { examples, jsonOption, projectOption, usage } from "./verb.ts";

interface AliasOptions {
  remove?: true;
  project?: string;
  json?: true;
}

export function registerAlias(program: Command): void {
  const command = program
    .command("alias [name]")
    .summary("list or remove the former names of prompts")
    .description("List the names that prompts had before and still answer under, or let one answer no more.")
    .option("--remove", "remove the alias: whoever still uses the old name gets an error")
    .action(alias);
  projectOption(jsonOption(command));
  examples(command, "promptlib alias", "promptlib alias greeting --remove");
}

async function alias(name: string | undefined, { remove, project, json }: AliasOptions): Promise<void> {
  if ((name === undefined) === (remove === true)) throw usage("Give a name together with --remove, or neither.");
  const { client } = await connect({ project });
  if (name === undefined) return await listAliases(client, json === true);
  await client.removeAlias(name);
  return json ? printJson({ name, removed: true }) : print(`${name} answers no more`);
}

async function listAliases(client: Client, json: boolean): Promise<void> {
  const aliases = await collectPages((page) => client.listAliases(page));
  if (json) return printJson(aliases);
  if (aliases.items.length === 0) return note("No prompt was renamed, or no former name answers any more.");
  printTable(columns, aliases.items);
}

const columns: readonly Column<Alias>[] = [
  { title: "NAME", cell: ({ name }) => name },
  { title: "NOW", cell: ({ prompt }) => prompt },
  { title: "RENAMED", cell: ({ madeAt }) => localTime(madeAt), whole: true },
  { title: "BY", cell: ({ madeBy }) => madeBy },
];
