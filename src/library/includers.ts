/** Which prompts include others, so that nothing is taken away from under them. */
import { sql } from "kysely";
import { PromptlibError } from "../contract/errors.ts";
import type { Queries } from "../database/database.ts";
import type { Id } from "../database/tables.ts";
import { parseReference } from "../prompt/include-reference.ts";
import { contentIncludes } from "../prompt/template.ts";
import type { ProjectRef } from "./find.ts";
import { MANY_INCLUDES } from "./search-document.ts";
import { propertyLexeme, quoted } from "./search-lexemes.ts";

/**
 * The living prompts that include one of these, by the name of the included; also those that call it by a former name.
 * Their newest and labelled versions count, since older ones are hardly rendered any more; what is among `names` itself
 * does not.
 */
export async function whoIncludes(
  db: Queries,
  project: ProjectRef,
  names: ReadonlySet<string>,
): Promise<Map<string, string[]>> {
  if (names.size === 0) return new Map();
  const called = await formerNames(db, project, names);
  for (const name of names) called.set(name, name);
  return whoCalls(db, project, called, names);
}

/** The living prompts that include one by just this name, be it a former one. */
export async function whoIncludesAs(db: Queries, project: ProjectRef, name: string): Promise<string[]> {
  return (await whoCalls(db, project, new Map([[name, name]]), new Set())).get(name) ?? [];
}

/** `called`: by what an include may call them → under what they are told. */
async function whoCalls(
  db: Queries,
  project: ProjectRef,
  called: ReadonlyMap<string, string>,
  passedOver: ReadonlySet<string>,
): Promise<Map<string, string[]>> {
  const includers = new Map<string, string[]>();
  for (const { id, name, version } of await candidates(db, project, called)) {
    if (passedOver.has(name)) continue;
    for (const include of await includedNames(db, id, version)) {
      const included = called.get(include);
      const known = (included && includers.get(included)) ?? [];
      if (included && !known.includes(name)) includers.set(included, [...known, name]);
    }
  }
  return includers;
}

/** Under which the living prompts of these names still answer: each with the present one. */
async function formerNames(db: Queries, project: ProjectRef, names: ReadonlySet<string>): Promise<Map<string, string>> {
  const rows = await db
    .selectFrom("aliases")
    .innerJoin("prompts", "prompts.id", "aliases.prompt_id")
    .select(["aliases.name as former", "prompts.name as present"])
    .where("aliases.project_id", "=", project.id)
    .where(sql<boolean>`prompts.name collate "C" = any(${[...names]}::text[])`)
    .where("ended_at", "is", null)
    .where("trashed_at", "is", null)
    .execute();
  return new Map(rows.map(({ former, present }) => [former, present]));
}

interface Candidate {
  id: Id;
  name: string;
  version: number;
}

/** So many names are asked for at once. */
const NAMES_AT_ONCE = 500;

/** Versions that include one of these; of prompts that are not indexed yet, those that look so. */
async function candidates(db: Queries, project: ProjectRef, names: ReadonlyMap<string, string>): Promise<Candidate[]> {
  const found = await unindexed(db, project, names);
  const called = [...names.keys()];
  for (let start = 0; start < called.length; start += NAMES_AT_ONCE) {
    found.push(...(await indexed(db, project, called.slice(start, start + NAMES_AT_ONCE))));
  }
  const order = (a: Candidate, b: Candidate) =>
    Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)) || a.version - b.version;
  return [...new Map(found.map((each) => [`${each.id} ${each.version}`, each])).values()].sort(order);
}

async function indexed(db: Queries, project: ProjectRef, names: readonly string[]): Promise<Candidate[]> {
  const lexemes = [MANY_INCLUDES, ...names].map((name) => quoted(propertyLexeme(project.id, "include", name)));
  const { rows } = await sql<Candidate>`
    select p.id, p.name, d.version from search_documents d join prompts p on p.id = d.prompt_id
    where d.words @@ ${lexemes.join(" | ")}::tsquery and p.trashed_at is null`.execute(db);
  return rows;
}

/**
 * PostgreSQL sends what is in the tags alone. Prompt by prompt, whatever it takes the tables for: it would read all
 * versions of the library where none is missing. What has a document is found by that, though it waits for another one.
 */
async function unindexed(db: Queries, project: ProjectRef, names: ReadonlyMap<string, string>): Promise<Candidate[]> {
  const { rows } = await sql<Candidate & { tags: string[]; escaped: boolean }>`
    select p.id, p.name, v.version, v.text is null as escaped, found.tags
    from search_missing m
    cross join lateral (
      select id, name, newest from prompts
      where id = m.prompt_id and project_id = ${project.id} and trashed_at is null
        and not exists (select from search_documents d where d.prompt_id = m.prompt_id offset 0) offset 0) p
    cross join lateral (
      select version, text, coalesce(text, messages::text) as body from versions
      where prompt_id = p.id and template = 'mustache' and (version = p.newest
        or version in (select l.version from labels l where l.prompt_id = p.id)) offset 0) v
    cross join lateral (
      select array_agg(tag[1]) as tags from regexp_matches(v.body, ${INCLUDE_TAG}, 'g') as tag
    ) found
    where v.body like '%{{%>%}}%' and found.tags is not null`.execute(db);
  return rows
    .filter(({ tags, escaped }) => tags.some((tag) => names.has(nameIn(escaped ? unescaped(tag) : tag))))
    .map(({ id, name, version }) => ({ id, name, version }));
}

/** From the braces to the first that close; what is between braces and > is told apart when the text is parsed. */
const INCLUDE_TAG = String.raw`\{\{[^}>]*>((?:[^}]|\}(?!\}))*)\}\}`;

function nameIn(tag: string): string {
  const reference = parseReference(tag.trim());
  return "fault" in reference ? "" : reference.name;
}

/** Messages are looked through as the JSON that they are stored as. */
function unescaped(tag: string): string {
  try {
    return JSON.parse(`"${tag}"`);
  } catch {
    return tag; // it began or ended inside an escape: no tag of one message
  }
}

async function includedNames(db: Queries, promptId: Id, version: number): Promise<string[]> {
  const { text, messages, ...rest } = await db
    .selectFrom("versions")
    .select(["text", "messages", "template"])
    .where("prompt_id", "=", promptId)
    .where("version", "=", version)
    .executeTakeFirstOrThrow();
  const body = text === null ? { messages: messages ?? [] } : { text };
  const includes = contentIncludes({ ...body, ...rest, variables: {}, config: {} });
  return [...includes.values()].map(({ reference }) => reference.name);
}

/** So many are named in the sentence; `details.includedBy` has all. */
const NAMED = 5;

export function includersSentence(includers: readonly string[]): string {
  const named = includers.slice(0, NAMED).map((includer) => `“${includer}”`);
  const more = includers.length - named.length;
  return `${named.join(", ")}${more > 0 ? ` and ${more} more` : ""} ${includers.length === 1 ? "includes" : "include"} it`;
}

export function promptIncluded(name: string, includers: readonly string[]): PromptlibError {
  return new PromptlibError("prompt_included", {
    message: `“${name}” is needed: ${includersSentence(includers)}.`,
    details: { includedBy: includers },
  });
}
