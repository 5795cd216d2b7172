/** What was written and not saved: kept in the browser until it is saved or thrown away. */
import { canonicalContent } from "../../prompt/content.ts";
import type { Prompt, SavePrompt } from "../../sdk/index.ts";

/** What a version consists of. */
export type Content = Pick<Prompt, "text" | "messages" | "variables" | "config" | "template">;

export interface Draft {
  /** The newest version when it was begun; null: of a new prompt. */
  base: number | null;
  content: Content;
  /** Why the version is made. */
  message: string;
  /** Of a new prompt. */
  name: string;
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

/** The request that saves it as the next version, or as the first. */
export function saveOf({ base, content, message }: Draft, name: string): SavePrompt {
  return {
    name,
    ...content,
    ...(message.trim() === "" ? {} : { message: message.trim() }),
    baseVersion: base ?? 0,
  };
}

/** `name` null: the new prompt. Each person has drafts of the own, also where a browser is shared. */
export function draftKey(user: string, project: string, name: string | null): string {
  return `promptlib.draft.${JSON.stringify(name === null ? [user, project] : [user, project, name])}`;
}

type Shelf = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/** null: none, or none that can be read. */
export function readDraft(shelf: Shelf, key: string): Draft | null {
  try {
    const draft: unknown = JSON.parse(shelf.getItem(key) ?? "null");
    return isDraft(draft) ? draft : null;
  } catch {
    return null;
  }
}

/** Answers whether it is kept: a browser may refuse, or be full. */
export function writeDraft(shelf: Shelf, key: string, draft: Draft): boolean {
  try {
    shelf.setItem(key, JSON.stringify(draft));
    return true;
  } catch {
    return false;
  }
}

export function dropDraft(shelf: Shelf, key: string): void {
  try {
    shelf.removeItem(key);
  } catch {
    // a browser that refuses storage holds none
  }
}

function isDraft(value: unknown): value is Draft {
  if (!isObject(value) || !isObject(value.content)) return false;
  const { base, message, name, content } = value;
  const isKnown =
    (base === null || typeof base === "number") && typeof message === "string" && typeof name === "string";
  const holdsText = typeof content.text === "string" && content.messages === undefined;
  const holdsMessages =
    content.text === undefined && Array.isArray(content.messages) && content.messages.every(isMessage);
  return (
    isKnown &&
    (holdsText || holdsMessages) &&
    isObject(content.variables) &&
    isObject(content.config) &&
    (content.template === "mustache" || content.template === "none")
  );
}

function isMessage(value: unknown): boolean {
  if (!isObject(value)) return false;
  if (typeof value.placeholder === "string") return true;
  return typeof value.role === "string" && typeof value.content === "string";
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
