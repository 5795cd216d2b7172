/**
 * Requests to models as JSON: what was sent to OpenAI's chat completions or to Anthropic's messages. Neither has
 * variables of its own, so braces are braces.
 */
import type { Json, Message } from "../../contract/shapes.ts";
import { type Fields, isRecord } from "./fields.ts";
import { parseJsonFile } from "./json-file.ts";
import { type Outcome, onePromptReader } from "./one-prompt.ts";
import { withoutSecrets } from "./secrets.ts";
import { convertBody, plain } from "./template-conversion.ts";
import type { SourceText } from "./whole-file.ts";

type Role = Extract<Message, { role: unknown }>["role"];
type Fault = { fault: string };

interface Provider {
  roles: readonly Role[];
  /** Whether the system prompt is a field beside the messages. */
  system: boolean;
}

export const readOpenai = onePromptReader(/\.json$/i, (source) =>
  interpret(source, { roles: ["system", "developer", "user", "assistant", "tool"], system: false }),
);
export const readAnthropic = onePromptReader(/\.json$/i, (source) =>
  interpret(source, { roles: ["user", "assistant"], system: true }),
);

function interpret({ text, notes }: SourceText, provider: Provider): Outcome {
  const parsed = parseJsonFile(text);
  if ("reason" in parsed) return parsed;
  const request = requestOf(parsed.value);
  if (!request) return { line: 1, reason: "the file is neither a request with messages nor a list of messages" };
  const read = readMessages(request, provider);
  if ("fault" in read) return { line: 1, reason: read.fault };
  const { messages: _, ...others } = request;
  const { config, left } = withoutSecrets(provider.system ? without(others, "system") : others);
  const converted = convertBody({ messages: read.messages }, plain, "");
  return {
    ...converted.body,
    template: converted.template,
    variables: {},
    config,
    notes: [...notes, ...read.notes, ...converted.notes, ...left],
  };
}

function requestOf(value: Json): (Fields & { messages: Json[] }) | null {
  if (Array.isArray(value)) return { messages: value };
  return isRecord(value) && Array.isArray(value.messages) ? { ...value, messages: value.messages } : null;
}

function without(fields: Fields, key: string): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([each]) => each !== key));
}

function readMessages(
  request: Fields & { messages: Json[] },
  { roles, system }: Provider,
): { messages: Message[]; notes: string[] } | Fault {
  const messages: Message[] = [];
  const notes = new Set<string>();
  if (system && request.system !== undefined) {
    const content = readContent(request.system, notes);
    if (typeof content !== "string") return { fault: `system ${content.fault}` };
    messages.push({ role: "system", content });
  }
  for (const [at, each] of request.messages.entries()) {
    const read = readMessage(each, roles, notes);
    if ("fault" in read) return { fault: `message ${at + 1} ${read.fault}` };
    messages.push(read);
  }
  if (messages.length === 0) return { fault: "there are no messages" };
  return { messages, notes: [...notes] };
}

function readMessage(value: Json, roles: readonly Role[], notes: Set<string>): Message | Fault {
  if (!isRecord(value)) return { fault: "is no object" };
  const { role, content, ...others } = value;
  const known = roles.find((each) => each === role);
  if (!known) return { fault: `has the role ${JSON.stringify(role ?? null)}; there are ${roles.join(", ")}` };
  for (const [key, inner] of Object.entries(others)) {
    if (inner === null || (Array.isArray(inner) && inner.length === 0)) continue;
    // A call of a tool is part of what was said: without it the next message answers nothing.
    if (["tool_calls", "function_call", "audio"].includes(key))
      return { fault: `holds ${key}, which cannot be stored` };
    notes.add(`${key} of a message was left out`);
  }
  const text = readContent(content, notes);
  return typeof text === "string" ? { role: known, content: text } : text;
}

/** A text, or a list of parts that are texts. */
function readContent(content: Json | undefined, notes: Set<string>): string | Fault {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return { fault: "has no text" };
  const texts: string[] = [];
  for (const part of content) {
    if (!isRecord(part)) return { fault: "holds a part that is no object" };
    if (part.type !== "text" || typeof part.text !== "string") {
      return { fault: `holds a part of the type ${JSON.stringify(part.type ?? null)}, which cannot be stored` };
    }
    if (part.cache_control) notes.add("cache_control of a part was left out");
    texts.push(part.text);
  }
  if (texts.length > 1) notes.add("several parts of a message were joined by blank lines");
  return texts.join("\n\n");
}
