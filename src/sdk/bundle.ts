/**
 * A bundle: prompts in one JSON file that an application ships, and reads when there is no server to ask. Each is there
 * as a fetch answered it; its labels say what it was the answer to.
 */
import { PromptlibError } from "../contract/errors.ts";
import type { Prompt } from "../contract/shapes.ts";
import type { WhichVersion } from "./prompts.ts";
import { isObject } from "./transport.ts";

/** Another number: older clients cannot read it. Fields may be added. */
export const BUNDLE_FORMAT = "promptlib bundle 1";

export interface Bundle {
  format: typeof BUNDLE_FORMAT;
  project: string;
  /** ISO 8601. */
  madeAt: string;
  /** Former names: the present name of each. */
  aliases: Record<string, string>;
  prompts: Prompt[];
}

/** Checks what was read from a file. Errors: `bundle_invalid`. */
export function readBundle(value: unknown): Bundle {
  if (!isObject(value)) throw invalid("It is no JSON object.");
  if (value.format !== BUNDLE_FORMAT) throw invalid(`Its format is ${JSON.stringify(value.format)}.`);
  const { prompts, aliases } = value;
  if (!Array.isArray(prompts) || !isObject(aliases)) throw invalid("It has no prompts.");
  const bad = prompts.findIndex((prompt) => !isPrompt(prompt));
  if (bad >= 0) throw invalid(`The prompt ${bad + 1} in it is none.`);
  return value as unknown as Bundle;
}

function invalid(why: string): PromptlibError {
  return new PromptlibError("bundle_invalid", { message: `This is not a bundle of prompts. ${why}` });
}

/** Whether it says what a prompt must say to be used; the rest is the server's promise. */
export function isPrompt(value: unknown): value is Prompt {
  if (!isObject(value) || typeof value.name !== "string" || !Number.isInteger(value.version)) return false;
  if (!Array.isArray(value.labels) || !isObject(value.variables) || !isObject(value.config)) return false;
  return value.type === "text" ? typeof value.text === "string" : Array.isArray(value.messages);
}

/** null: it has no such prompt. */
export function findInBundle(bundle: Bundle, name: string, { version, label = "latest" }: WhichVersion): Prompt | null {
  const present = presentName(bundle, name);
  const has = (wanted: string) => (prompt: Prompt) =>
    prompt.name === wanted && (version === undefined ? prompt.labels.includes(label) : prompt.version === version);
  return bundle.prompts.find(has(name)) ?? bundle.prompts.find(has(present)) ?? null;
}

/** Whether it has the prompt, but not with this label. Whatever a prompt in it includes is in it, too, so nobody has. */
export function lacksLabel(bundle: Bundle, name: string, which: WhichVersion): boolean {
  if (which.version !== undefined || findInBundle(bundle, name, which)) return false;
  const present = presentName(bundle, name);
  return bundle.prompts.some((prompt) => prompt.name === name || prompt.name === present);
}

function presentName({ aliases }: Bundle, name: string): string {
  return (Object.hasOwn(aliases, name) ? aliases[name] : undefined) ?? name;
}
