/** promptlib list: the prompts of the project as a table. */
import type { Command } from "commander";
import { collectPages, type PromptFilter, type PromptSummary } from "../sdk/index.ts";
import { connect } from "./connect.ts";
import { count, counted, localTime, note, printJson } from "./output.ts";
import { type Column, printTable } from "./table.ts";
import { examples, jsonOption, projectOption, usage, wholeNumber } from "./verb.ts";

type Filter = Omit<PromptFilter, "cursor" | "limit">;
interface ListOptions extends Filter {
  limit?: number;
  all?: true;
  project?: string;
  json?: true;
}

const sorts = ["name", "-name", "updated", "-updated"];
const DEFAULT_LIMIT = 50;

export function registerList(program: Command): void {
  const command = program
    .command("list")
    .summary("list the prompts of the project")
    .description("List the prompts of the project: name, newest version, labels, tags, time of the last change.")
    .option("--tag <tag>", "only prompts with this tag")
    .option("--label <label>", "only prompts that have this label")
    .option("--folder <folder>", "only prompts below this folder, at any depth")
    .option("--type <type>", "only text or chat prompts")
    .option("--sort <order>", `one of ${sorts.join(", ")}`)
    .option("--limit <n>", `at most so many; ${DEFAULT_LIMIT} when left out`, wholeNumber)
    .option("--all", "every one")
    .action(list);
  projectOption(jsonOption(command));
  examples(command, "promptlib list", "promptlib list --label production --folder mail --sort -updated");
}

async function list({ limit, all, project, json, ...filter }: ListOptions): Promise<void> {
  if (all && limit !== undefined) throw usage("Either --limit or --all can be given.");
  if (filter.type && !["text", "chat"].includes(filter.type)) throw usage("--type is text or chat.");
  if (filter.sort && !sorts.includes(filter.sort)) throw usage(`--sort is one of ${sorts.join(", ")}.`);
  const { client } = await connect({ project });
  const most = all ? Number.POSITIVE_INFINITY : (limit ?? DEFAULT_LIMIT);
  const page = await collectPages((place) => client.listPrompts({ ...filter, ...place }), most);
  const { servedFrom, ...answer } = page;
  if (servedFrom === "mirror") note("The database is away: this is the last state that the server knew.");
  if (json) return printJson(answer);
  if (page.items.length === 0) return note(emptyText(Object.values(filter).some((value) => value !== undefined)));
  printTable(columns, page.items);
  if (page.nextCursor !== null) {
    const total = `${page.totalIsExact ? "" : "more than "}${counted(page.total, "prompt")}`;
    note(`${count(page.items.length)} of ${total}; --all shows every one.`);
  }
}

function emptyText(filtered: boolean): string {
  return filtered
    ? "No prompt matches."
    : [
        "There are no prompts in this project yet. Bring some in with one of:",
        "  promptlib import prompts.csv",
        "  echo 'Hello {{name}}!' | promptlib push greeting",
      ].join("\n");
}

export const columns: readonly Column<PromptSummary>[] = [
  { title: "NAME", cell: ({ name }) => name },
  { title: "VERSION", cell: ({ newest }) => String(newest), right: true, whole: true },
  { title: "LABELS", cell: ({ labels, newest }) => labelText(labels, newest) },
  { title: "TAGS", cell: ({ tags }) => tags.join(", ") },
  { title: "UPDATED", cell: ({ updatedAt }) => localTime(updatedAt), whole: true },
];

/** `production` where it stands on the newest version, `production@2` where not; `latest` says nothing here. */
function labelText(labels: Readonly<Record<string, number>>, newest: number): string {
  return Object.entries(labels)
    .filter(([label]) => label !== "latest")
    .map(([label, version]) => (version === newest ? label : `${label}@${version}`))
    .join(", ");
}
