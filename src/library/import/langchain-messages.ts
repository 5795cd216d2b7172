/** The messages of a chat of LangChain: templates, messages as they are, and places for messages. */
import type { Json, Message } from "../../contract/shapes.ts";
import { type Fields, isRecord } from "./fields.ts";
import { formatOf, type Templated } from "./langchain-template.ts";
import { plain } from "./template-conversion.ts";

type Role = Extract<Message, { role: unknown }>["role"];
type Fault = { fault: string };

/** By the beginning of the class: HumanMessage, HumanMessagePromptTemplate. */
const roles: Readonly<Record<string, Role>> = { System: "system", Human: "user", AI: "assistant", Tool: "tool" };
/** As a ChatMessage says it. */
const words: Readonly<Record<string, Role>> = {
  system: "system",
  developer: "developer",
  human: "user",
  user: "user",
  ai: "assistant",
  assistant: "assistant",
  tool: "tool",
};

export type ReadMessage = (Templated & { role: Role }) | { placeholder: string; optional: boolean } | Fault;

/** `alone`: the classic file of a chat has one message without a role, which is the user's. */
export function readMessage(value: Json, alone: boolean): ReadMessage {
  if (!isRecord(value)) return { fault: "is no object" };
  const name = Array.isArray(value.id) ? value.id.at(-1) : null;
  const fields = isRecord(value.kwargs) ? value.kwargs : value;
  const kind = typeof name === "string" ? name : null;
  if (kind === "MessagesPlaceholder") {
    const { variable_name, optional } = fields;
    if (typeof variable_name !== "string") return { fault: "is a place for messages without a name" };
    return { placeholder: variable_name, optional: optional === true };
  }
  const role = roleOf(kind, fields, alone);
  if (typeof role !== "string") return role;
  const text = textOf(fields);
  return "fault" in text ? text : { ...text, role };
}

function roleOf(kind: string | null, { role }: Fields, alone: boolean): Role | Fault {
  const [, start = ""] = /^(System|Human|AI|Tool)Message/.exec(kind ?? "") ?? [];
  const known = Object.hasOwn(roles, start) ? roles[start] : undefined;
  if (known) return known;
  if (typeof role === "string") {
    const said = Object.hasOwn(words, role.toLowerCase()) ? words[role.toLowerCase()] : undefined;
    return said ?? { fault: `has the unknown role ${JSON.stringify(role)}` };
  }
  if (kind === null && alone) return "user";
  return { fault: kind === null ? "does not say its role" : `is of the class ${kind}, which cannot be imported` };
}

/** A message as it is has its text in `content`; a template has it in `prompt`, which may be a list. */
function textOf({ content, prompt }: Fields): Templated | Fault {
  if (typeof content === "string") return { text: content, language: plain };
  const parts = Array.isArray(prompt) ? prompt : [prompt];
  const read: Templated[] = [];
  for (const part of parts) {
    const fields = isRecord(part) && isRecord(part.kwargs) ? part.kwargs : part;
    if (!isRecord(fields)) return { fault: "has no text" };
    const templated = formatOf(fields);
    if ("fault" in templated) return templated;
    read.push(templated);
  }
  const [first] = read;
  if (!first) return { fault: "has no text" };
  if (read.some(({ language }) => language !== first.language))
    return { fault: "has parts in several template formats" };
  return { text: read.map(({ text }) => text).join("\n\n"), language: first.language };
}
