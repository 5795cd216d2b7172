/** What was written and not saved. Where it is kept until then is in draft-shelf.ts. */
import { isJsonObject } from "../../contract/json-values.ts";
import { canonicalContent } from "../../prompt/content.ts";
import { transcript } from "../../prompt/messages.ts";
import type { Message, Prompt, PromptType, SavePrompt } from "../../sdk/index.ts";

/** What a version consists of. */
export type Content = Pick<Prompt, "text" | "messages" | "variables" | "config" | "template">;

/** As typed, where it is no value yet. */
export interface HalfTyped {
  config?: string;
  /** By variable. */
  defaults?: Readonly<Record<string, string>>;
}

export interface Draft {
  /** The newest version when it was begun; null: of a new prompt. */
  base: number | null;
  /** The `contentHash` of that version, by which another prompt is known that took the name; left out: not known. */
  baseHash?: string | undefined;
  content: Content;
  halfTyped?: HalfTyped | undefined;
  /** Why the version is made. */
  message: string;
  /** Of a new prompt. */
  name: string;
  /** What it was before it was made a text or a chat, and what was made of it then. */
  before?: { was: Content; became: Content };
}

export function contentOf({ text, messages, variables, config, template }: Content): Content {
  return {
    ...(text === undefined ? {} : { text }),
    ...(messages === undefined ? {} : { messages }),
    variables,
    config,
    template,
  };
}

export function isSame(one: Content, other: Content): boolean {
  return canonicalContent(one) === canonicalContent(other);
}

export function typeOf({ messages }: Content): PromptType {
  return messages ? "chat" : "text";
}

/** As one text to read and to compare: the text, or the messages under their roles. */
export function textOf({ text, messages }: Content): string {
  return messages ? transcript(messages) : (text ?? "");
}

/** The request that saves it as the next version, or as the first. */
export function saveOf({ base, baseHash, content, message }: Draft, name: string): SavePrompt {
  return {
    name,
    ...content,
    ...(message.trim() === "" ? {} : { message: message.trim() }),
    baseVersion: base ?? 0,
    ...(base === null || baseHash === undefined ? {} : { baseHash }),
  };
}

/** Whether the newest version is another one than it was begun on, or of another prompt. */
export function isOvertaken({ base, baseHash }: Draft, newest: Pick<Prompt, "version" | "contentHash">): boolean {
  if (base === null) return false;
  return base < newest.version || (base === newest.version && isOfAnother(baseHash, newest));
}

/** Of the version of this number. */
export function isOfAnother(baseHash: string | undefined, { contentHash }: Pick<Prompt, "contentHash">): boolean {
  return baseHash !== undefined && baseHash !== contentHash;
}

/**
 * The draft as the other type, with all that was written: a text becomes a message of the user, messages a text with
 * their roles. Who goes back before changing anything has it as it was.
 */
export function withType(draft: Draft, type: PromptType): Draft {
  const { content, before } = draft;
  if (typeOf(content) === type) return draft;
  const { variables, config, template } = content;
  const isUntouched = before !== undefined && isSame(before.became, content);
  const body = isUntouched ? bodyOf(before.was) : type === "chat" ? asMessages(content) : asText(content);
  const became = { ...body, variables, config, template };
  return { ...draft, content: became, before: { was: content, became } };
}

function bodyOf({ text, messages }: Content): Pick<Content, "text" | "messages"> {
  return messages ? { messages } : { text: text ?? "" };
}

function asMessages({ text = "" }: Content): { messages: Message[] } {
  return { messages: [{ role: text === "" ? "system" : "user", content: text }] };
}

function asText({ messages = [] }: Content): { text: string } {
  const [only, ...others] = messages;
  if (only && others.length === 0 && "content" in only) return { text: only.content };
  return { text: transcript(messages) };
}

export function isDraft(value: unknown): value is Draft {
  if (!isJsonObject(value)) return false;
  const { base, baseHash, message, name, content, halfTyped, before } = value;
  const isKnown =
    (base === null || typeof base === "number") &&
    (baseHash === undefined || typeof baseHash === "string") &&
    typeof message === "string" &&
    typeof name === "string";
  const hasBefore = before === undefined || (isJsonObject(before) && isContent(before.was) && isContent(before.became));
  return isKnown && hasBefore && isContent(content) && (halfTyped === undefined || isHalfTyped(halfTyped));
}

function isHalfTyped(value: unknown): boolean {
  if (!isJsonObject(value)) return false;
  const { config, defaults = {} } = value;
  const isConfig = config === undefined || typeof config === "string";
  return isConfig && isJsonObject(defaults) && Object.values(defaults).every((typed) => typeof typed === "string");
}

function isContent(content: unknown): content is Content {
  if (!isJsonObject(content)) return false;
  const holdsText = typeof content.text === "string" && content.messages === undefined;
  const holdsMessages =
    content.text === undefined && Array.isArray(content.messages) && content.messages.every(isMessage);
  return (
    (holdsText || holdsMessages) &&
    isJsonObject(content.variables) &&
    isJsonObject(content.config) &&
    (content.template === "mustache" || content.template === "none")
  );
}

function isMessage(value: unknown): boolean {
  if (!isJsonObject(value)) return false;
  if (typeof value.placeholder === "string") return true;
  return typeof value.role === "string" && typeof value.content === "string";
}
