/** Patterns of fabric: a folder for each, with `system.md` and perhaps `user.md`; `{{name}}` is a variable. */
import { CONTENT_LIMIT, type Message } from "../../contract/shapes.ts";
import { contentSize } from "../../prompt/content.ts";
import { parseTemplate } from "../../prompt/template.ts";
import type { ImportedFile, ReadPrompt, Row } from "./reader.ts";
import { lineAt, nameFromPath, readText, type SourceText } from "./whole-file.ts";

const FILES = /(^|\/)(system|user)\.md$/i;

type PathRow = Row & { path: string };
/** A file of a pattern: its text, or why it has none. */
interface Part {
  path: string;
  kind: "system" | "user";
  source: SourceText | { reason: string; line: number };
}

/** The files of a pattern follow each other, as they do in a folder. */
export async function* readFabric(files: AsyncIterable<ImportedFile>): AsyncGenerator<PathRow> {
  const known = new Set<string>();
  let pattern: { inside: string; parts: Part[] } | null = null;
  for await (const file of files) {
    const [, before, kind] = FILES.exec(file.inside.replaceAll("\\", "/")) ?? [];
    if (kind === undefined) {
      yield { path: file.path, line: 1, reason: "a pattern is made of system.md and user.md", name: null };
      continue;
    }
    const inside = file.inside.slice(0, file.inside.length - kind.length - 3 - (before?.length ?? 0));
    if (pattern && pattern.inside !== inside) {
      yield* patternRows(pattern, known);
      pattern = null;
    }
    pattern ??= { inside, parts: [] };
    const system = kind.toLowerCase() === "system";
    pattern.parts.push({ path: file.path, kind: system ? "system" : "user", source: await readText(file) });
  }
  if (pattern) yield* patternRows(pattern, known);
}

/** One row; a file of it that cannot be read costs the pattern. */
function* patternRows({ inside, parts }: { inside: string; parts: Part[] }, known: Set<string>): Generator<PathRow> {
  const [first] = parts;
  if (!first) return;
  if (inside === "") {
    yield {
      path: first.path,
      line: 1,
      reason: "the file lies in no folder, and a pattern has the name of its folder; import the folder",
      name: null,
    };
    return;
  }
  const named = nameFromPath(inside);
  if ("fault" in named) {
    yield { path: first.path, line: 1, reason: named.fault, name: null };
    return;
  }
  const { name } = named;
  const rejected = (path: string, line: number, reason: string) => ({ path, line, reason, name });
  for (const { path, source } of parts) {
    if ("reason" in source) {
      yield rejected(path, source.line, source.reason);
      return;
    }
  }
  const repeated = parts.find(({ kind }, at) => parts.findIndex((part) => part.kind === kind) !== at);
  if (repeated || known.has(name)) {
    yield rejected(repeated?.path ?? first.path, 1, `another pattern of this import is named "${name}" already`);
    return;
  }
  known.add(name);
  const read = interpret(name, parts);
  if ("reason" in read) yield rejected(first.path, read.line, read.reason);
  else yield { path: first.path, line: 1, item: read };
}

function interpret(name: string, parts: readonly Part[]): ReadPrompt | { reason: string; line: number } {
  const textOf = (kind: Part["kind"]) => parts.find((part) => part.kind === kind)?.source;
  const notes = parts.flatMap(({ source }) => ("notes" in source ? source.notes : []));
  const said = (source: Part["source"] | undefined) => (source && "text" in source ? source.text : "");
  const [system, user] = [said(textOf("system")), said(textOf("user"))];
  if (system.trim() === "") {
    const missing = textOf("system") === undefined;
    return { line: 1, reason: missing ? "the pattern has no system.md" : "the system.md of the pattern is empty" };
  }
  const messages: Message[] = [
    { role: "system", content: system },
    { role: "user", content: user },
  ];
  const content = user.trim() === "" ? { text: system } : { messages };
  const size = contentSize(content);
  if (size > CONTENT_LIMIT) {
    return { line: 1, reason: `the prompt is ${size} bytes long; at most ${CONTENT_LIMIT} are allowed` };
  }
  if (user.trim() !== "") notes.push("system.md and user.md became the messages of a chat");
  const strange = strangeTag([system, user]);
  if (strange) notes.push(`kept as it is, without variables: ${strange}`);
  const template = strange ? "none" : "mustache";
  return { name, ...content, template, variables: {}, notes: [...new Set(notes)] };
}

/** fabric knows plain names and calls of its plug-ins, no sections: any other tag is text of another program. */
const tag = /\{\{([^{}]*)\}\}/g;
const plainName = /^\s*[\p{L}_][\p{L}\p{N}_-]*\s*$/u;

function strangeTag(texts: readonly string[]): string | null {
  for (const text of texts) {
    if (!text.includes("{{")) continue;
    const parsed = parseTemplate(text);
    if ("faults" in parsed) {
      const [fault] = parsed.faults;
      return `it is no template (line ${fault?.line}: ${fault?.message})`;
    }
    const tags = [...text.matchAll(tag)];
    const odd = tags.find(([, inside = ""]) => !plainName.test(inside));
    if (odd)
      return `${odd[0].replace(/\s+/g, " ").slice(0, 60).toWellFormed()} at line ${lineAt(text, odd.index)} is not the name of a variable`;
    if (tags.length !== text.split("{{").length - 1) return "not every {{ in it begins a variable";
  }
  return null;
}
