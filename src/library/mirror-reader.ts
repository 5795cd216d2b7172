/** Reading from the mirror, when PostgreSQL is gone. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { isErrno } from "../base/files.ts";
import { PromptlibError } from "../contract/errors.ts";
import type { ListQuery } from "../contract/routes.ts";
import type { FolderCount, LabelCount, SearchMatch, TagCount } from "../contract/search.ts";
import type { List, Prompt, PromptSummary } from "../contract/shapes.ts";
import { parseSearch, type SearchQuery } from "../prompt/search-query.ts";
import { marksIn, snippetOf } from "../prompt/search-snippet.ts";
import { type FolderQuery, prefixOf } from "./counts.ts";
import { promptNotFound, type Selector, selectVersion } from "./find.ts";
import { folderName } from "./folder-name.ts";
import {
  type MirroredPrompt,
  mirroredVersionOf,
  mirrorFiles,
  openMirrored,
  presentMirrored,
  readMirrorFile,
} from "./mirror-file.ts";
import { cutPage, type PageQuery, positionAfter, readPage } from "./page.ts";
import { headOf } from "./search-document.ts";

/** Errors: `prompt_not_found`, `version_not_found`, `label_not_found`. */
export async function fetchMirrored(
  folder: string,
  project: string,
  name: string,
  selector: Selector,
): Promise<{ prompt: Prompt; revision: string }> {
  const found = await unlessDamaged(openMirrored(folder, project, name));
  if (found === "damaged") throw notReadable(name);
  if (!found) throw promptNotFound(name);
  const { path, prompt } = found;
  const wanted = selectVersion(prompt, prompt.labels, selector);
  const version = await unlessDamaged(mirroredVersionOf(path, prompt, wanted));
  if (!version || version === "damaged") throw notReadable(name);
  return { prompt: presentMirrored(prompt, version), revision: prompt.revision };
}

/** How current the mirror is for this prompt; null when it has none that can be read. */
export async function mirroredRevision(folder: string, project: string, name: string): Promise<bigint | null> {
  const found = await unlessDamaged(openMirrored(folder, project, name));
  return found && found !== "damaged" ? BigInt(found.prompt.revision) : null;
}

async function unlessDamaged<T>(reading: Promise<T>): Promise<T | "damaged"> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof SyntaxError) return "damaged";
    throw error;
  }
}

/** It is there, but only the database can answer it. */
function notReadable(name: string): PromptlibError {
  return new PromptlibError("database_unavailable", {
    message: `The mirror cannot answer this of “${name}”, and the database does not answer.`,
  });
}

/**
 * The list with its filters and sorts, read from the files; what is looked for is looked for in names, tags and
 * descriptions, and sorted by name. Files that are damaged are not in it: then it is not exact.
 */
export async function listMirrored(
  folder: string,
  project: string,
  { search, ...filter }: Omit<ListQuery, "project">,
): Promise<List<PromptSummary>> {
  const sort = filter.sort === undefined || filter.sort === "relevance" ? "name" : filter.sort;
  const page = readPage(filter);
  const after = positionAfter(page, sort);
  const query = search ? parseSearch(search) : null;
  const { prompts, damaged } = await look(join(folder, project));
  const direction = sort.startsWith("-") ? -1 : 1;
  const first = new First<Listed>(page.limit + 1, (a, b) => direction * comparePositions(a.position, b.position));
  let total = 0;
  for (const { id, item } of prompts) {
    if (!matches(item, filter) || (query && !isNamed(item, query))) continue;
    total += 1;
    const position = sort.endsWith("updated") ? [item.updatedAt, id] : [item.name];
    if (!after || direction * comparePositions(position, after) > 0) first.add({ item, position });
  }
  const list = cutPage(first.inOrder(), page, {
    list: sort,
    total,
    position: ({ position }) => position,
    present: ({ item }) => (query ? { ...item, match: matchOf(item, query) } : item),
  });
  return { ...list, totalIsExact: list.totalIsExact && damaged === 0 };
}

function isNamed(item: PromptSummary, { wanted, unwanted }: SearchQuery): boolean {
  const { head } = headOf(item);
  return wanted.every(({ text }) => head.includes(text)) && !unwanted.some(({ text }) => head.includes(text));
}

function matchOf({ name, description, newest, labels }: PromptSummary, { wanted }: SearchQuery): SearchMatch {
  const on = Object.keys(labels).filter((label) => labels[label] === newest);
  const snippet = snippetOf(description, wanted);
  return { version: newest, labels: on.sort(), nameMarks: marksIn(name, wanted), snippet };
}

/** As `countFolders` answers, from the files. */
export async function mirroredFolders(folder: string, project: string, query: FolderQuery): Promise<List<FolderCount>> {
  const prefix = prefixOf(query.folder);
  const { prompts, damaged } = await look(join(folder, project));
  const children = new Map<string, { prompts: number; folders: Set<string> }>();
  for (const { item } of prompts) {
    if (!item.name.startsWith(prefix)) continue;
    const [child = "", ...rest] = item.name.slice(prefix.length).split("/");
    if (rest.length === 0) continue;
    const count = children.get(child) ?? { prompts: 0, folders: new Set() };
    children.set(child, count);
    count.prompts += 1;
    if (rest.length > 1) count.folders.add(rest[0] ?? "");
  }
  return countsPage(children, query, "folders", damaged, (child, count) => {
    return { folder: `${prefix}${child}`, prompts: count.prompts, folders: count.folders.size };
  });
}

/** As `countTags` answers, from the files. */
export async function mirroredTags(folder: string, project: string, query: PageQuery): Promise<List<TagCount>> {
  const { counts, damaged } = await countMirrored(folder, project, ({ tags }) => tags);
  return countsPage(counts, query, "tags", damaged, (tag, prompts) => ({ tag, prompts }));
}

/** As `countLabels` answers, from the files. */
export async function mirroredLabels(folder: string, project: string, query: PageQuery): Promise<List<LabelCount>> {
  const { counts, damaged } = await countMirrored(folder, project, ({ labels: { latest: _, ...labels } }) =>
    Object.keys(labels),
  );
  return countsPage(counts, query, "labels", damaged, (label, prompts) => ({ label, prompts }));
}

async function countMirrored(
  folder: string,
  project: string,
  namesOf: (prompt: PromptSummary) => readonly string[],
): Promise<{ counts: Map<string, number>; damaged: number }> {
  const { prompts, damaged } = await look(join(folder, project));
  const counts = new Map<string, number>();
  for (const { item } of prompts) for (const name of namesOf(item)) counts.set(name, (counts.get(name) ?? 0) + 1);
  return { counts, damaged };
}

function countsPage<T, Item>(
  counts: ReadonlyMap<string, T>,
  query: PageQuery,
  list: "folders" | "tags" | "labels",
  damaged: number,
  present: (name: string, count: T) => Item,
): List<Item> {
  const page = readPage(query);
  const after = positionAfter(page, list);
  const rows = [...counts]
    .filter(([name]) => !after || comparePositions([name], after) > 0)
    .sort(([a], [b]) => comparePositions([a], [b]));
  const counted = cutPage(rows.slice(0, page.limit + 1), page, {
    list,
    total: counts.size,
    position: ([name]) => [name],
    present: ([name, count]) => present(name, count),
  });
  return { ...counted, totalIsExact: counted.totalIsExact && damaged === 0 };
}

interface Look {
  prompts: { id: string; item: PromptSummary }[];
  damaged: number;
}

/** Looks under way, by folder. All the files are read for a list: many who ask at once must not each have it done. */
const looks = new Map<string, Promise<Look>>();

function look(folder: string): Promise<Look> {
  const underWay = looks.get(folder);
  if (underWay) return underWay;
  const begun = readAll(folder).finally(() => looks.delete(folder));
  looks.set(folder, begun);
  return begun;
}

/** Files that are read at once: one after the other, 100,000 take three times as long. */
const AT_ONCE = 16;

async function readAll(folder: string): Promise<Look> {
  const found: Look = { prompts: [], damaged: 0 };
  const paths = mirrorFiles(folder);
  const reader = async () => {
    for (let next = await paths.next(); !next.done; next = await paths.next()) {
      const prompt = await unlessDamaged(readMirrorFile(next.value));
      if (prompt === "damaged") found.damaged += 1;
      else if (prompt) found.prompts.push({ id: prompt.id, item: summary(prompt) });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, reader));
  return found;
}

interface Listed {
  item: PromptSummary;
  /** As in the cursors of the database's list: whoever was given one there goes on here. */
  position: string[];
}

/** The first so many of whatever is added, without sorting all of it. */
class First<T> {
  readonly #limit: number;
  readonly #compare: (a: T, b: T) => number;
  #kept: T[] = [];
  #last: T | undefined;

  constructor(limit: number, compare: (a: T, b: T) => number) {
    this.#limit = limit;
    this.#compare = compare;
  }

  add(value: T): void {
    if (this.#last !== undefined && this.#compare(value, this.#last) >= 0) return;
    this.#kept.push(value);
    if (this.#kept.length < 2 * this.#limit) return;
    this.#kept = this.inOrder();
    this.#last = this.#kept.at(-1);
  }

  inOrder(): T[] {
    return this.#kept.sort(this.#compare).slice(0, this.#limit);
  }
}

function matches(item: PromptSummary, filter: Omit<ListQuery, "project">): boolean {
  const { type, tag, label, folder } = filter;
  return (
    (!type || item.type === type) &&
    (!tag || item.tags.includes(tag.normalize("NFC"))) &&
    (!label || Object.hasOwn(item.labels, label)) &&
    (!folder || item.name.startsWith(`${folderName(folder)}/`))
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

/** The first value by bytes, as PostgreSQL compares under the collation "C"; the second is an id, a number. */
function comparePositions(a: readonly string[], b: readonly string[]): number {
  const order = Buffer.compare(Buffer.from(a[0] ?? ""), Buffer.from(b[0] ?? ""));
  return order !== 0 ? order : Number(BigInt(a[1] ?? 0) - BigInt(b[1] ?? 0));
}

/** Whether there is a mirror to read from: on a disk that is gone there is none. */
export async function mirrorExists(folder: string): Promise<boolean> {
  try {
    return (await readdir(folder)).includes(".mirror.json");
  } catch (error) {
    if (isErrno(error)) return false;
    throw error;
  }
}
