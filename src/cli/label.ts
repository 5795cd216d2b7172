/** promptlib label: where the labels of a prompt stand and stood, and moving them. */
import type { Command } from "commander";
import type { Client, LabelPosition } from "../sdk/index.ts";
import { connect } from "./connect.ts";
import { instantOf } from "./instant.ts";
import { printFetches, printHistory, versionText } from "./label-history.ts";
import { localTime, note, print, printJson } from "./output.ts";
import { type Column, printTable } from "./table.ts";
import { examples, jsonOption, projectOption, usage } from "./verb.ts";

interface LabelOptions {
  remove?: true;
  undo?: true;
  history?: true;
  fetches?: true;
  at?: string;
  project?: string;
  json?: true;
}

export function registerLabel(program: Command): void {
  const command = program
    .command("label <name> [label] [version]")
    .summary("list, move or remove the labels of a prompt")
    .description(
      "List the labels of a prompt, tell where one is, put it on a version (a number, latest, or where another label is), undo its last move, or remove it.",
    )
    .option("--remove", "remove the label")
    .option("--undo", "take back the last move; with a version: only if the label is on that one")
    .option("--history", "where the label has been: who moved it, when, from where")
    .option("--fetches", "who fetched the prompt by its labels, or by this one: how often, and last when")
    .option("--at <time>", "where the label was at this time: 2026-11-22T06:00:00Z, or a local time without a zone")
    .action(label);
  projectOption(jsonOption(command));
  examples(
    command,
    "promptlib label greeting",
    "promptlib label greeting production 3",
    "promptlib label greeting production staging",
    "promptlib label greeting production --undo",
    "promptlib label greeting production --history",
    "promptlib label greeting production --at '2026-11-22 06:00'",
    "promptlib label greeting --fetches",
    "promptlib label greeting production --remove",
  );
}

async function label(
  name: string,
  label: string | undefined,
  version: string | undefined,
  options: LabelOptions,
): Promise<void> {
  const { remove, undo, history, fetches, at, project, json = false } = options;
  const deeds = [version !== undefined && !undo, remove, undo, history, fetches, at !== undefined].filter(
    Boolean,
  ).length;
  if (label === undefined && deeds > 0 && !fetches) throw usage("Say which label.");
  if (deeds > 1) throw usage("Give one of: a version, --remove, --undo, --history, --fetches, --at.");
  const moment = at === undefined ? {} : { at: instantOf(at) };
  const { client } = await connect({ project });
  if (fetches) return await printFetches(client, name, label, json);
  if (label === undefined) return await listLabels(client, name, json);
  if (history) return await printHistory(client, name, label, json);
  if (undo) return await undoMove(client, name, label, version, json);
  if (remove) {
    await client.removeLabel(name, label);
    return json ? printJson({ name, label, removed: true }) : print(`${name}: ${label} was removed`);
  }
  const position =
    version === undefined
      ? await client.readLabel(name, label, moment)
      : await client.moveLabel(name, label, await versionNumber(client, name, version));
  if (json) return printJson(position);
  const verb = at === undefined ? "is" : "was";
  print(`${name}: ${label} ${verb} on version ${position.version}`);
}

async function undoMove(
  client: Client,
  name: string,
  label: string,
  version: string | undefined,
  json: boolean,
): Promise<void> {
  const expected = version === undefined ? undefined : await versionNumber(client, name, version);
  const answer = await client.undoLabel(name, label, expected);
  if (json) return printJson(answer);
  const { to, movedBy, movedAt } = answer.undone;
  const where = answer.version === null ? "was removed" : `is on version ${answer.version} again`;
  print(`${name}: ${label} ${where}`);
  note(`Taken back: the move to ${versionText(to)} by ${movedBy}, ${localTime(movedAt)}.`);
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
