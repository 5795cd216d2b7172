/** promptlib label: where the labels of a prompt stand, and moving them. */
import type { Command } from "commander";
import type { Client, LabelPosition } from "../sdk/index.ts";
import { connect } from "./connect.ts";
import { localTime, note, print, printJson } from "./output.ts";
import { type Column, printTable } from "./table.ts";
import { examples, jsonOption, projectOption, usage } from "./verb.ts";

interface LabelOptions {
  remove?: true;
  project?: string;
  json?: true;
}

export function registerLabel(program: Command): void {
  const command = program
    .command("label <name> [label] [version]")
    .summary("list, move or remove the labels of a prompt")
    .description(
      "List the labels of a prompt, put one on a version (a number, latest, or where another label is), or remove one.",
    )
    .option("--remove", "remove the label")
    .action(label);
  projectOption(jsonOption(command));
  examples(
    command,
    "promptlib label greeting",
    "promptlib label greeting production 3",
    "promptlib label greeting production staging",
    "promptlib label greeting production --remove",
  );
}

async function label(
  name: string,
  label: string | undefined,
  version: string | undefined,
  { remove, project, json }: LabelOptions,
): Promise<void> {
  if (label === undefined && remove) throw usage("Say which label to remove.");
  if (label !== undefined && version === undefined && !remove) throw usage("Say the version, or --remove.");
  if (version !== undefined && remove) throw usage("Either a version or --remove can be given.");
  const { client } = await connect({ project });
  if (label === undefined) return await listLabels(client, name, json === true);
  if (version === undefined) {
    await client.removeLabel(name, label);
    return json ? printJson({ name, label, removed: true }) : print(`${name}: ${label} was removed`);
  }
  const position = await client.moveLabel(name, label, await versionNumber(client, name, version));
  return json ? printJson(position) : print(`${name}: ${label} is on version ${position.version}`);
}

async function versionNumber(client: Client, name: string, version: string): Promise<number> {
  if (/^[1-9]\d{0,9}$/.test(version)) return Number(version);
  if (/^-?\d/.test(version)) throw usage(`${version} is no version; they are numbered 1, 2, 3 …`);
  const { prompt } = await client.fetchPrompt(name, { label: version });
  return prompt.version;
}

async function listLabels(client: Client, name: string, json: boolean): Promise<void> {
  const labels = await client.listLabels(name);
  if (json) return printJson(labels);
  if (labels.items.length === 0)
    return note(`${name} has no labels. Put one on with: promptlib label NAME LABEL VERSION`);
  printTable(columns, labels.items);
}

const columns: readonly Column<LabelPosition>[] = [
  { title: "LABEL", cell: ({ label }) => label },
  { title: "VERSION", cell: ({ version }) => String(version), right: true, whole: true },
  { title: "MOVED", cell: ({ movedAt }) => localTime(movedAt), whole: true },
  { title: "BY", cell: ({ movedBy }) => movedBy },
];
