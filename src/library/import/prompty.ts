/** `.prompty` files, version 1 and 2: YAML front matter, and a body whose lines `system:`, `user:` begin messages. */
import type { Json, Message } from "../../contract/shapes.ts";
import { type Fields, fieldsOf, isRecord } from "./fields.ts";
import { readFrontMatter } from "./front-matter.ts";
import { type Outcome, onePromptReader } from "./one-prompt.ts";
import { readInputs } from "./prompty-inputs.ts";
import { descriptionFrom, tagsFrom } from "./properties.ts";
import { withoutSecrets } from "./secrets.ts";
import { type Body, convertBody, jinja, mustache } from "./template-conversion.ts";
import type { SourceText } from "./whole-file.ts";

export const readPrompty = onePromptReader(/\.prompty$/i, interpret);

function interpret({ text, notes }: SourceText): Outcome {
  const front = readFrontMatter(text);
  if ("reason" in front) return front;
  const { description, metadata, ...rest } = front.data;
  const { tags: listed, ...others } = fieldsOf(metadata);
  const inputs = readInputs(rest);
  const split = splitBody(front.body.trim(), inputs.threads);
  if (isEmpty(split.body)) return { line: 1, reason: "the prompt is empty" };
  const language = templateKind(rest) === "mustache" ? mustache : jinja(inputs.known);
  const converted = convertBody(split.body, split.fault ? () => ({ fault: split.fault }) : language, "Jinja");
  const { config, left } = withoutSecrets({ ...rest, ...metadataBeside(metadata, others) });
  const about = descriptionFrom(description);
  const tags = tagsFrom(listed);
  return {
    ...converted.body,
    template: converted.template,
    variables: inputs.variables,
    config,
    ...about.kept,
    ...tags.kept,
    notes: [
      ...notes,
      ...(front.commented ? ["comments above the front matter were left out"] : []),
      ...(split.attributes ? ["what stands in brackets behind a role was left out"] : []),
      ...converted.notes,
      ...left,
      ...about.left,
      ...tags.left,
    ],
  };
}

/** What else is in there, or all of it where it is none that could hold tags. */
function metadataBeside(metadata: Json | undefined, others: Fields): Fields {
  if (metadata === undefined || metadata === null) return {};
  if (!isRecord(metadata)) return { metadata };
  return Object.keys(others).length > 0 ? { metadata: others } : {};
}

/** `template: jinja2`, `template: {format: jinja2}` or `template: {format: {kind: jinja2}}`; Jinja where nothing is said. */
function templateKind({ template }: Fields): string {
  const format = fieldsOf(template).format ?? template;
  const kind = fieldsOf(format).kind ?? format;
  return typeof kind === "string" ? kind.toLowerCase() : "jinja2";
}

const roleLine = /^[ \t]*#?[ \t]*(system|developer|user|assistant|tool)[ \t]*(\[[^\]\n]*\])?[ \t]*:[ \t]*\r?$/i;
const filledRole = /^[ \t]*#?[ \t]*\{\{[^{}]*\}\}[ \t]*:[ \t]*\r?$/;
const opens = /\{%[-+]?\s*(?:if|for)\b/g;
const closes = /\{%[-+]?\s*end(?:if|for)\b/g;

interface Split {
  body: Body;
  attributes: boolean;
  /** Prompty fills in first and cuts then: messages that come to be by that cannot be said here. */
  fault: string;
}

/** Without a line that names a role it is a text. A role inside of a condition or a loop is no place to cut. */
function splitBody(body: string, threads: ReadonlySet<string>): Split {
  const parts: { role: string | null; lines: string[] }[] = [{ role: null, lines: [] }];
  let depth = 0;
  let attributes = false;
  let fault = "";
  for (const line of body.split("\n")) {
    // No such line is long, and blanks without end would be searched without end.
    const short = line.length < 500 ? line : "";
    const [, role, inBrackets] = roleLine.exec(short) ?? [];
    if (role !== undefined && depth === 0) {
      parts.push({ role: role.toLowerCase(), lines: [] });
      if (inBrackets !== undefined) attributes = true;
      continue;
    }
    if (role !== undefined) fault = `the role ${role} stands inside of a condition or a loop`;
    if (filledRole.test(short)) fault = `${short.trim()} may become a role when it is filled in`;
    depth = Math.max(0, depth + count(line, opens) - count(line, closes));
    parts.at(-1)?.lines.push(line);
  }
  const messages = parts.flatMap(({ role, lines }) => messagesOf(role ?? "system", lines, threads));
  return { body: parts.length === 1 ? { text: body } : { messages }, attributes, fault };
}

function isEmpty(body: Body): boolean {
  return "text" in body ? body.text === "" : body.messages.length === 0;
}

function count(line: string, what: RegExp): number {
  return line.includes("{%") ? (line.match(what) ?? []).length : 0;
}

type Role = Extract<Message, { role: unknown }>["role"];

/** The lines of a role; a thread on a line of its own is a place for messages. What is blank is no message. */
function messagesOf(role: string, lines: readonly string[], threads: ReadonlySet<string>): Message[] {
  const messages: Message[] = [];
  let text: string[] = [];
  const flush = () => {
    const content = text.join("\n").trim();
    if (content !== "" && isRole(role)) messages.push({ role, content });
    text = [];
  };
  for (const line of lines) {
    const [, name = ""] = /^\s*\{\{\s*([\p{L}_][\p{L}\p{N}_]*)\s*\}\}\s*$/u.exec(line) ?? [];
    if (threads.has(name)) {
      flush();
      messages.push({ placeholder: name });
    } else {
      text.push(line);
    }
  }
  flush();
  return messages;
}

function isRole(role: string): role is Role {
  return ["system", "developer", "user", "assistant", "tool"].includes(role);
}
