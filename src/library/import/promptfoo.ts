/** The configuration of promptfoo (`promptfooconfig.yaml`): of all that is in it, the prompts that it holds itself. */
import { CONTENT_LIMIT, type Json, type Message } from "../../contract/shapes.ts";
import { contentSize } from "../../prompt/content.ts";
import { nameFault } from "../../prompt/names.ts";
import { type Fields, fieldsOf, isRecord } from "./fields.ts";
import { parseYaml } from "./front-matter.ts";
import { parseJsonFile } from "./json-file.ts";
import type { ImportedFile, ReadPrompt, Row } from "./reader.ts";
import { withoutSecrets } from "./secrets.ts";
import { type Body, convertBody, jinja } from "./template-conversion.ts";
import { readText } from "./whole-file.ts";

type PathRow = Row & { path: string };
type Fault = { reason: string };

export async function* readPromptfoo(files: AsyncIterable<ImportedFile>): AsyncGenerator<PathRow> {
  const known = new Set<string>();
  for await (const file of files) {
    for (const row of await rowsOf(file, known)) yield { path: file.path, ...row };
  }
}

async function rowsOf(file: ImportedFile, known: Set<string>): Promise<Row[]> {
  const source = await readText(file);
  if ("reason" in source) return [{ ...source, name: null }];
  const parsed = parseYaml(source.text, "the file");
  if ("reason" in parsed) return [{ ...parsed, name: null }];
  const { prompts } = fieldsOf(parsed.value);
  if (prompts === undefined) return [{ line: 1, reason: "the file has no prompts", name: null }];
  const entries = Array.isArray(prompts) ? prompts : [prompts];
  return entries.map((entry, at) => {
    const line = parsed.lineOf(Array.isArray(prompts) ? ["prompts", at] : ["prompts"]);
    const name = nameOf(file.inside, entry, at);
    const fault = nameFault(name);
    if (fault) return { line, reason: `the name ${fault}`, name: null };
    if (known.has(name)) return { line, reason: `another prompt of this import is named "${name}" already`, name };
    known.add(name);
    const read = interpret(entry);
    if ("reason" in read) return { line, reason: read.reason, name };
    return { line, item: { ...read, name, notes: [...source.notes, ...read.notes] } };
  });
}

/** The label in the folder of the file; without one, the file and which of its prompts it is. */
function nameOf(inside: string, entry: Json, at: number): string {
  const path = inside.replaceAll("\\", "/").replace(/^(\.?\/)+/, "");
  const cut = path.lastIndexOf("/") + 1;
  const { label, id } = fieldsOf(entry);
  const said = [label, id].find((each) => typeof each === "string" && each.trim() !== "");
  const stem = path.slice(cut).replace(/\.(ya?ml|json)$/i, "");
  const last = typeof said === "string" ? said.trim().replaceAll("/", "-") : `${stem} ${at + 1}`;
  return `${path.slice(0, cut)}${last}`.normalize("NFC");
}

function interpret(entry: Json): Omit<ReadPrompt, "name"> | Fault {
  const fields: Fields = typeof entry === "string" ? { raw: entry } : fieldsOf(entry);
  const { raw, label: _, id, config: settings, ...others } = fields;
  if (typeof raw !== "string") {
    return { reason: typeof id === "string" ? elsewhere(id) : "the prompt has no text in the field raw" };
  }
  if (isReference(raw)) return { reason: elsewhere(raw) };
  if (raw.trim() === "") return { reason: "the prompt is empty" };
  const body = bodyOf(raw);
  if ("reason" in body) return body;
  const size = contentSize(body);
  if (size > CONTENT_LIMIT) return { reason: `the prompt is ${size} bytes long; at most ${CONTENT_LIMIT} are allowed` };
  const converted = convertBody(body, jinja(new Map()), "Nunjucks");
  const { config, left } = withoutSecrets({ ...others, ...fieldsOf(settings) });
  const chat = "messages" in body ? ["a list of messages became a chat"] : [];
  return {
    ...converted.body,
    template: converted.template,
    variables: {},
    config,
    notes: [...chat, ...converted.notes, ...left],
  };
}

function elsewhere(what: string): string {
  return `the prompt is elsewhere: ${what.trim().slice(0, 200).toWellFormed()}`;
}

/** A file, a program, another library; a plain path counts where it looks like one. */
function isReference(text: string): boolean {
  if (text.length > 1000 || text.trim().includes("\n")) return false;
  if (/^(file|langfuse|portkey|helicone|https?):\/\/|^exec:/.test(text.trim())) return true;
  return /^[\w./*-]+\.(txt|md|j2|json|jsonl|ya?ml|csv|py|js|ts|mjs|cjs)(:\w+)?$/.test(text.trim());
}

/** JSON or YAML of a list of messages is a chat, as promptfoo takes it; a text else. */
function bodyOf(raw: string): Body | Fault {
  const list = listOf(raw.trim());
  if (!Array.isArray(list) || list.length === 0 || !list.every((each) => isRecord(each) && "role" in each)) {
    return { text: raw };
  }
  const messages: Message[] = [];
  for (const [at, each] of list.entries()) {
    const { role, content } = fieldsOf(each);
    const known = roles.find((word) => word === role);
    if (!known)
      return { reason: `message ${at + 1} has the role ${JSON.stringify(role)}; there are ${roles.join(", ")}` };
    if (typeof content !== "string") return { reason: `message ${at + 1} has no text` };
    messages.push({ role: known, content });
  }
  return { messages };
}

const roles = ["system", "developer", "user", "assistant", "tool"] as const;

function listOf(text: string): Json {
  if (text.startsWith("[")) {
    const parsed = parseJsonFile(text);
    return "value" in parsed ? parsed.value : null;
  }
  if (!/^- +role:/.test(text)) return null;
  const parsed = parseYaml(text, "the prompt");
  return "value" in parsed ? parsed.value : null;
}
