/** Labels as tables: the moves of one, who fetched by which, and every prompt that had one at a time. */
import { type Client, collectPages, type LabelFetches, type LabelledPrompt, type LabelMove } from "../sdk/index.ts";
import { count, exactTime, localTime, note, printJson } from "./output.ts";
import { type Column, printTable } from "./table.ts";

export async function printHistory(client: Client, name: string, label: string, json: boolean): Promise<void> {
  const moves = await collectPages((page) => client.listLabelMoves(name, label, page));
  if (json) return printJson(moves);
  printTable(moveColumns, moves.items);
}

export function versionText(version: number | null): string {
  return version === null ? "nowhere" : String(version);
}

const moveColumns: readonly Column<LabelMove>[] = [
  { title: "MOVED", cell: ({ movedAt }) => exactTime(movedAt), whole: true },
  { title: "FROM", cell: ({ from }) => versionText(from), right: true, whole: true },
  { title: "TO", cell: ({ to }) => versionText(to), right: true, whole: true },
  { title: "BY", cell: ({ movedBy, undoes }) => (undoes === null ? movedBy : `${movedBy} (undo)`) },
];

export async function printFetches(
  client: Client,
  name: string,
  label: string | undefined,
  json: boolean,
): Promise<void> {
  const fetches = await client.listFetches(name);
  const items = fetches.items.filter((one) => label === undefined || one.label === label);
  if (json) return printJson({ ...fetches, items, total: items.length });
  if (items.length === 0) return note("Nobody fetched it so far; what was fetched is told after a minute at most.");
  printTable(fetchColumns, items);
}

const fetchColumns: readonly Column<LabelFetches>[] = [
  { title: "LABEL", cell: ({ label }) => label },
  { title: "LAST", cell: ({ lastAt }) => localTime(lastAt), whole: true },
  { title: "FETCHES", cell: ({ fetches }) => count(fetches), right: true, whole: true },
  { title: "SINCE", cell: ({ firstAt }) => localTime(firstAt), whole: true },
  { title: "BY", cell: ({ caller, keyName }) => (keyName === null ? caller : `${caller} (${keyName})`) },
];

export async function printLabelled(
  client: Client,
  label: string,
  moment: { at?: string },
  json: boolean,
): Promise<void> {
  const labelled = await collectPages((page) => client.listLabelled(label, { ...moment, ...page }));
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
