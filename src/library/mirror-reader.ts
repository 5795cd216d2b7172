/** Reading from the mirror, when PostgreSQL is gone. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { ListQuery } from "../contract/routes.ts";
import type { List, Prompt, PromptSummary } from "../contract/shapes.ts";
import { promptNotFound, type Selector, selectVersion } from "./find.ts";
import { folderName } from "./list.ts";
import {
  type MirroredPrompt,
  mirroredVersionOf,
  mirrorFile,
  mirrorFiles,
  presentMirrored,
  readMirrorFile,
} from "./mirror-file.ts";
import { COUNT_LIMIT, readPage, writeCursor } from "./page.ts";

/** Errors: `prompt_not_found`, `version_not_found`, `label_not_found`. */
export async function fetchMirrored(
  folder: string,
  project: string,
  name: string,
  selector: Selector,
): Promise<Prompt> {
  const path = mirrorFile(folder, project, name);
  const prompt = await readMirrorFile(path);
  if (!prompt) throw promptNotFound(name);
  const wanted = selectVersion(prompt, prompt.labels, selector);
  const version = await mirroredVersionOf(path, prompt, wanted);
  if (!version) throw promptNotFound(name);
  return presentMirrored(prompt, version);
}

/** The list with its filters and sorts, read from the files. */
export async function listMirrored(
  folder: string,
  project: string,
  filter: Omit<ListQuery, "project">,
): Promise<List<PromptSummary>> {
  const sort = filter.sort ?? "name";
  const byUpdate = sort.endsWith("updated");
  const page = readPage(filter, byUpdate ? 2 : 1);
  const found: PromptSummary[] = [];
  for (const path of await arrayOf(mirrorFiles(join(folder, project)))) {
    const prompt = await readMirrorFile(path);
    if (prompt && matches(prompt, filter)) found.push(summary(prompt));
  }
  const direction = sort.startsWith("-") ? -1 : 1;
  const position = (item: PromptSummary) => (byUpdate ? [item.updatedAt, item.name] : [item.name]);
  found.sort((a, b) => direction * comparePositions(position(a), position(b)));
  const { after } = page;
  const rest = after ? found.filter((item) => direction * comparePositions(position(item), after) > 0) : found;
  const items = rest.slice(0, page.limit);
  const last = rest.length > page.limit ? items.at(-1) : undefined;
  return {
    items,
    nextCursor: last ? writeCursor(position(last)) : null,
    total: Math.min(found.length, COUNT_LIMIT),
    totalIsExact: found.length <= COUNT_LIMIT,
  };
}

function matches(prompt: MirroredPrompt, filter: Omit<ListQuery, "project">): boolean {
  const { type, tag, label, folder } = filter;
  return (
    (!type || prompt.type === type) &&
    (!tag || prompt.tags.includes(tag.normalize("NFC"))) &&
    (!label || label === "latest" || Object.hasOwn(prompt.labels, label)) &&
    (!folder || prompt.name.startsWith(`${folderName(folder)}/`))
  );
}

function summary(prompt: MirroredPrompt): PromptSummary {
  const { project, name, type, description, tags, newest, labels, createdAt, updatedAt } = prompt;
  return {
    project,
    name,
    type,
    description,
    tags,
    newest,
    labels: { ...labels, latest: newest },
    createdAt,
    updatedAt,
  };
}

/** By bytes, as PostgreSQL compares under the collation "C". */
function comparePositions(a: readonly string[], b: readonly string[]): number {
  for (const [index, value] of a.entries()) {
    const order = Buffer.compare(Buffer.from(value), Buffer.from(b[index] ?? ""));
    if (order !== 0) return order;
  }
  return 0;
}

async function arrayOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const array: T[] = [];
  for await (const item of items) array.push(item);
  return array;
}

/** Whether there is a mirror to read from. */
export async function mirrorExists(folder: string): Promise<boolean> {
  return (await readdir(folder)).includes(".mirror.json");
}
