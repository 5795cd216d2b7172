/** promptlib folders and promptlib tags: what there is to narrow a list by, with how many prompts each has. */
import type { Command } from "commander";
import { collectPages, type FolderCount, type TagCount } from "../sdk/index.ts";
import { connect } from "./connect.ts";
import { count, note, printJson } from "./output.ts";
import { type Column, printTable } from "./table.ts";
import { examples, jsonOption, projectOption } from "./verb.ts";

interface CountOptions {
  project?: string;
  json?: true;
}

export function registerFolders(program: Command): void {
  const command = program
    .command("folders [folder]")
    .summary("list folders with their number of prompts")
    .description("List the folders directly in a folder, or at the top, with how many prompts are below each.")
    .action(folders);
  projectOption(jsonOption(command));
  examples(command, "promptlib folders", "promptlib folders mail/customers");
}

async function folders(folder: string | undefined, { project, json }: CountOptions): Promise<void> {
  const { client } = await connect({ project });
  const inside = folder === undefined ? {} : { folder };
  const { servedFrom, ...answer } = await collectPages((page) => client.listFolders({ ...inside, ...page }));
  tellMirror(servedFrom);
  if (json) return printJson(answer);
  if (answer.items.length === 0) {
    return note(folder === undefined ? "There are no folders: no name has a / in it." : `No folders in ${folder}.`);
  }
  printTable(folderColumns, answer.items);
}

const folderColumns: readonly Column<FolderCount>[] = [
  { title: "FOLDER", cell: ({ folder }) => folder },
  { title: "PROMPTS", cell: ({ prompts }) => count(prompts), right: true, whole: true },
  { title: "FOLDERS", cell: ({ folders }) => count(folders), right: true, whole: true },
];

export function registerTags(program: Command): void {
  const command = program
    .command("tags")
    .summary("list tags with their number of prompts")
    .description("List the tags in use, with how many prompts have each.")
    .action(tags);
  projectOption(jsonOption(command));
  examples(command, "promptlib tags");
}

async function tags({ project, json }: CountOptions): Promise<void> {
  const { client } = await connect({ project });
  const { servedFrom, ...answer } = await collectPages((page) => client.listTags(page));
  tellMirror(servedFrom);
  if (json) return printJson(answer);
  if (answer.items.length === 0) return note("No prompt has a tag. Give one with: promptlib push NAME --tag TAG");
  printTable(tagColumns, answer.items);
}

const tagColumns: readonly Column<TagCount>[] = [
  { title: "TAG", cell: ({ tag }) => tag },
  { title: "PROMPTS", cell: ({ prompts }) => count(prompts), right: true, whole: true },
];

function tellMirror(servedFrom: string): void {
  if (servedFrom === "mirror") note("The database is away: this is the last state that the server knew.");
}
