/**
 * The pure rules of prompts: names, templates, canonical content. Browser-safe, no I/O.
 *
 * This file says what the content of a version is, byte for byte.
 */
import canonicalize from "canonicalize";
import type { Content, Message } from "../contract/shapes.ts";

/**
 * What a version consists of as canonical JSON (RFC 8785); its SHA-256 is the content hash.
 * Other fields of the object are left out. Text counts as it is given: nothing is normalized.
 */
export function canonicalContent({ text, messages, variables, config, template }: Content): string {
  const json = canonicalize({ text, messages, variables, config, template });
  if (json === undefined) throw new Error("an object always has a canonical form");
  return json;
}

/** Bytes, as UTF-8, of the text or of the messages (role and content of each). What CONTENT_LIMIT limits. */
export function contentSize({ text, messages }: Pick<Content, "text" | "messages">): number {
  const encoder = new TextEncoder();
  const size = (part: string) => encoder.encode(part).length;
  const ofMessage = (message: Message) =>
    "placeholder" in message ? size(message.placeholder) : size(message.role) + size(message.content);
  return size(text ?? "") + (messages ?? []).reduce((sum, message) => sum + ofMessage(message), 0);
}
