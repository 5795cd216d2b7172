/** Values of variables: given ones brought to the type that the variable has, defaults where none was given. */
import type { Json, Message, Variable } from "../contract/shapes.ts";

export type ChatMessage = Extract<Message, { role: string }>;

/** The value as the type wants it, or why it cannot be, as half a sentence ("must be …"). */
export function typedValue(type: Variable["type"], value: Json): { value: Json } | { fault: string } {
  switch (type) {
    case "string":
      return typeof value === "string" ? { value } : { fault: `must be a string, not ${kindOf(value)}` };
    case "number":
      return numberValue(value);
    case "boolean":
      if (typeof value === "boolean") return { value };
      if (value === "true" || value === "false") return { value: value === "true" };
      return { fault: `must be true or false, not ${shown(value)}` };
    case "messages":
      return messagesValue(value);
    case "json":
    case undefined:
      return { value };
  }
}

/** Variables whose default is not of their type, and why. */
export function defaultFaults(variables: Readonly<Record<string, Variable>>): { name: string; fault: string }[] {
  return Object.entries(variables).flatMap(([name, { type, default: preset }]) => {
    const typed = preset === undefined ? null : typedValue(type, preset);
    return typed && "fault" in typed ? [{ name, fault: typed.fault }] : [];
  });
}

/** As JSON writes numbers: no blanks, no hexadecimal, no `1_000`. */
const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

function numberValue(value: Json): { value: Json } | { fault: string } {
  if (typeof value === "number" && Number.isFinite(value)) return { value };
  if (typeof value !== "string" || !NUMBER.test(value)) return { fault: `must be a number, not ${shown(value)}` };
  const number = Number(value);
  if (!Number.isFinite(number) || (Number.isInteger(number) && !Number.isSafeInteger(number))) {
    return { fault: `is ${value}, more than a number can hold exactly; a variable of type string keeps every digit` };
  }
  return { value: number };
}

const ROLES: ReadonlySet<string> = new Set<ChatMessage["role"]>(["system", "developer", "user", "assistant", "tool"]);

function messagesValue(value: Json): { value: Json } | { fault: string } {
  if (!Array.isArray(value)) return { fault: `must be a list of messages, not ${kindOf(value)}` };
  for (const [index, item] of value.entries()) {
    const fault = messageFault(item);
    if (fault !== null)
      return { fault: `must be a list of messages {"role", "content"}: its message ${index + 1} ${fault}` };
  }
  return { value };
}

function messageFault(item: Json): string | null {
  if (!isRecord(item)) return `is ${kindOf(item)}`;
  const { role, content, ...rest } = item;
  if (typeof role !== "string" || !ROLES.has(role))
    return `has the role ${shown(role ?? null)}; there are ${[...ROLES].join(", ")}`;
  if (typeof content !== "string")
    return `has ${content === undefined ? "no content" : `${kindOf(content)} as content`}`;
  const [other] = Object.keys(rest);
  return other === undefined ? null : `has “${other}”, which a message does not take`;
}

/** Of a value that `typedValue` let through as messages. */
export function asMessages(value: Json): ChatMessage[] {
  return (Array.isArray(value) ? value : []).filter(
    (item): item is ChatMessage & Record<string, Json> => messageFault(item) === null,
  );
}

export function isRecord(value: Json): value is Record<string, Json> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function kindOf(value: Json): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** Short values as they are, so that a typing error is seen at once. */
function shown(value: Json): string {
  if (typeof value === "object" && value !== null) return kindOf(value);
  const text = JSON.stringify(value) ?? kindOf(value);
  return text.length <= 40 ? text : kindOf(value);
}
