/** The export of Langfuse's prompts: a list of versions `{name, version, type, prompt, config, tags, labels, …}`. */
import type { Json, Message } from "../../contract/shapes.ts";
import { nameFault } from "../../prompt/names.ts";
import { type Fields, fieldsOf, isRecord } from "./fields.ts";
import { elementLines, parseJsonFile } from "./json-file.ts";
import { labelsFrom, messageFrom, settingsFrom, tagsFrom } from "./properties.ts";
import type { ImportedFile, ReadPrompt, Row } from "./reader.ts";
import { type Body, convertBody, mustache } from "./template-conversion.ts";
import { readText } from "./whole-file.ts";

/** All of it is in memory at once: a list of JSON has no end that could be waited for. */
const FILE_LIMIT = 32 * 1024 * 1024;

type PathRow = Row & { path: string };
type Fault = { reason: string };

export async function* readLangfuse(files: AsyncIterable<ImportedFile>): AsyncGenerator<PathRow> {
  for await (const file of files) {
    for (const row of await rowsOf(file)) yield { path: file.path, ...row };
  }
}

async function rowsOf(file: ImportedFile): Promise<Row[]> {
  const source = await readText(file, FILE_LIMIT);
  if ("reason" in source) return [{ ...source, name: null }];
  const parsed = parseJsonFile(source.text);
  if ("reason" in parsed) return [{ ...parsed, name: null }];
  const { value } = parsed;
  if (!Array.isArray(value)) return [{ line: 1, reason: "the file is no list of prompts", name: null }];
  const lines = elementLines(source.text);
  const entries = value.map((each, at) => ({ line: lines[at] ?? 1, fields: fieldsOf(each) }));
  return inOrder(entries).map(({ line, fields }) => {
    const name = typeof fields.name === "string" ? fields.name.normalize("NFC") : "";
    const read = nameFault(name) === null ? interpret(fields, name) : { reason: `the name ${nameFault(name)}` };
    if (!("reason" in read)) return { line, item: read };
    return { line, ...read, name: nameFault(name) === null ? name : null };
  });
}

interface Entry {
  line: number;
  fields: Fields;
}

/** The first version of each prompt, then the second of each: so that many can be saved at once. */
function inOrder(entries: readonly Entry[]): Entry[] {
  const number = ({ fields }: Entry) => (typeof fields.version === "number" ? fields.version : 0);
  const counts = new Map<Json | undefined, number>();
  const ranked = entries
    .toSorted((a, b) => number(a) - number(b))
    .map((entry) => {
      const rank = (counts.get(entry.fields.name) ?? 0) + 1;
      counts.set(entry.fields.name, rank);
      return { entry, rank };
    });
  return ranked.sort((a, b) => a.rank - b.rank).map(({ entry }) => entry);
}

function interpret(fields: Fields, name: string): ReadPrompt | Fault {
  const body = bodyOf(fields);
  if ("reason" in body) return body;
  const converted = convertBody(body, mustache, "the template");
  const notes = [...converted.notes];
  if (JSON.stringify(body).includes("@@@langfusePrompt:"))
    notes.push("it refers to another prompt by @@@…@@@: kept as text");
  const labels = labelsFrom(fields.labels);
  const tags = tagsFrom(fields.tags);
  const message = messageFrom(fields.commitMessage);
  const settings = settingsFrom(fields.config);
  return {
    name,
    ...converted.body,
    template: converted.template,
    variables: {},
    ...settings.kept,
    ...tags.kept,
    ...labels.kept,
    ...message.kept,
    isVersion: true,
    notes: [...notes, ...labels.left, ...tags.left, ...message.left, ...settings.left],
  };
}

function bodyOf({ prompt }: Fields): Body | Fault {
  if (typeof prompt === "string") return prompt === "" ? { reason: "the prompt is empty" } : { text: prompt };
  if (!Array.isArray(prompt)) return { reason: "the field prompt holds neither a text nor a list of messages" };
  if (prompt.length === 0) return { reason: "there are no messages" };
  const messages: Message[] = [];
  for (const [at, each] of prompt.entries()) {
    const message = messageOf(each);
    if ("reason" in message) return { reason: `message ${at + 1} ${message.reason}` };
    messages.push(message);
  }
  return { messages };
}

const roles = ["system", "developer", "user", "assistant", "tool"] as const;

function messageOf(value: Json): Message | Fault {
  if (!isRecord(value)) return { reason: "is no object" };
  const { type, name, content } = value;
  if (type === "placeholder" && typeof name === "string") return { placeholder: name };
  const role = roles.find((each) => each === value.role);
  if (!role) return { reason: `has the role ${JSON.stringify(value.role ?? null)}; there are ${roles.join(", ")}` };
  return typeof content === "string" ? { role, content } : { reason: "has no text" };
}
