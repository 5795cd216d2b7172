/** Where labels have been, as tables: the moves of one, and every prompt that had it at a time. */
import type { Client, LabelledPrompt, LabelMove } from "../sdk/index.ts";
import { everyPage } from "./every-page.ts";
import { localTime, note, printJson } from "./output.ts";
import { type Column, printTable } from "./table.ts";

export async function printHistory(client: Client, name: string, label: string, json: boolean): Promise<void> {
  const moves = await everyPage((page) => client.listLabelMoves(name, label, page));
  if (json) return printJson(moves);
  printTable(moveColumns, moves.items);
}

export function versionText(version: number | null): string {
  return version === null ? "nowhere" : String(version);
}

const moveColumns: readonly Column<LabelMove>[] = [
  { title: "MOVED", cell: ({ movedAt }) => localTime(movedAt), whole: true },
  { title: "FROM", cell: ({ from }) => versionText(from), right: true, whole: true },
  { title: "TO", cell: ({ to }) => versionText(to), right: true, whole: true },
  { title: "BY", cell: ({ movedBy, undoes }) => (undoes === null ? movedBy : `${movedBy} (undo)`) },
];

export async function printLabelled(
  client: Client,
  label: string,
  moment: { at?: string },
  json: boolean,
): Promise<void> {
  const labelled = await everyPage((page) => client.listLabelled(label, { ...moment, ...page }));
  if (json) return printJson(labelled);
  if (labelled.items.length === 0) return note(`No prompt ${moment.at ? "had" : "has"} the label ${label}.`);
  printTable(labelledColumns, labelled.items);
}

const labelledColumns: readonly Column<LabelledPrompt>[] = [
  { title: "NAME", cell: ({ name, trashedAt }) => (trashedAt === null ? name : `${name} (trashed since)`) },
  { title: "VERSION", cell: ({ version }) => String(version), right: true, whole: true },
  { title: "MOVED", cell: ({ movedAt }) => localTime(movedAt), whole: true },
  { title: "BY", cell: ({ movedBy }) => movedBy },
];
