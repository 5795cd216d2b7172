/**
 * Which prompts an include means, and those that they include. Where they come from is the caller's: the server's memory
 * and database, its mirror, or a client.
 */
import { PromptlibError } from "../contract/errors.ts";
import type { Prompt } from "../contract/shapes.ts";
import { type IncludeReference, referenceKey } from "./include-reference.ts";
import type { IncludedText } from "./render.ts";
import { Faults, type Spot } from "./render-fault.ts";
import { RENDER_LIMIT } from "./render-text.ts";
import { contentIncludes, type Include } from "./template.ts";

/** How far from the prompt an include may be: what it includes itself is 1 away. */
export const INCLUDE_DEPTH = 8;
/** Different ones in all. */
const INCLUDES_LIMIT = 100;

/** Errors: `prompt_not_found`, `version_not_found`, `label_not_found`, and whatever keeps it from looking. */
export type FindPrompt = (name: string, which: { version?: number; label?: string }) => Promise<Prompt>;

export interface ResolvedInclude extends IncludedText {
  readonly prompt: Prompt;
  /** What decided about the version: `version`, or `label:NAME`. */
  by: string;
}
export type ResolvedIncludes = ReadonlyMap<string, ResolvedInclude>;

/**
 * Finds everything that the prompt includes, by `referenceKey`. `asked` is the label that the prompt itself was asked
 * for: what is included without @ is taken by it where it has it, else by `production`. Null: by `production` alone.
 * Errors: `include_unresolved` with all that is wrong at once, `render_too_large`, whatever keeps `find` from looking.
 */
export async function resolveIncludes(
  prompt: Prompt,
  asked: string | null,
  find: FindPrompt,
): Promise<ResolvedIncludes> {
  const resolved = new Map<string, ResolvedInclude>();
  const faults = new Faults();
  const waiting = includedBy(prompt);
  const seen = new Set<string>();
  let size = 0;
  for (const { from, include } of waiting) {
    const key = referenceKey(include.reference);
    if (seen.has(key)) continue;
    seen.add(key);
    if (seen.size > INCLUDES_LIMIT) throw tooMany();
    const found = await lookFor(include.reference, asked, find);
    if ("fault" in found) faults.add(spotOf(from, include, prompt), null, found.fault);
    else {
      resolved.set(key, found);
      size += found.prompt.text?.length ?? 0;
      if (size > RENDER_LIMIT) throw tooLarge();
      waiting.push(...includedBy(found.prompt));
    }
  }
  new Ways(prompt, resolved, faults).check();
  if (faults.told.length > 0) throw unresolved(faults);
  return resolved;
}

function includedBy(from: Prompt): { from: Prompt; include: Include }[] {
  return [...contentIncludes(from).values()].map((include) => ({ from, include }));
}

async function lookFor(
  reference: IncludeReference,
  asked: string | null,
  find: FindPrompt,
): Promise<ResolvedInclude | { fault: string }> {
  try {
    const found = await findIncluded(reference, asked, find);
    if (found.prompt.type === "text") return found;
    return { fault: `“${reference.name}” is a chat prompt; only text prompts can be included` };
  } catch (error) {
    if (error instanceof PromptlibError && NOT_THERE.has(error.code))
      return { fault: error.message.replace(/\.$/, "") };
    throw error;
  }
}

const NOT_THERE: ReadonlySet<string> = new Set(["prompt_not_found", "version_not_found", "label_not_found"]);

async function findIncluded(
  { name, version, label }: IncludeReference,
  asked: string | null,
  find: FindPrompt,
): Promise<ResolvedInclude> {
  if (version !== null) return { prompt: await find(name, { version }), by: "version" };
  if (label !== null) return { prompt: await find(name, { label }), by: `label:${label}` };
  const wanted = [...new Set([asked ?? "production", "production"])];
  for (const candidate of wanted) {
    try {
      return { prompt: await find(name, { label: candidate }), by: `label:${candidate}` };
    } catch (error) {
      if (!(error instanceof PromptlibError) || error.code !== "label_not_found") throw error;
    }
  }
  const neither = wanted.map((candidate) => `“${candidate}”`).join(" nor the label ");
  throw new PromptlibError("label_not_found", {
    message: `“${name}” has ${wanted.length > 1 ? "neither" : "not"} the label ${neither}; name another, or a version, behind @.`,
  });
}

function spotOf(from: Prompt, { index, offset }: Include, root: Prompt): Spot {
  const message = index === null ? undefined : from.messages?.[index];
  const text = message ? ("content" in message ? message.content : "") : (from.text ?? "");
  return { source: { include: from === root ? null : from.name, index, text }, offset };
}

function tooMany(): PromptlibError {
  return new PromptlibError("include_unresolved", {
    message: `This includes more than ${INCLUDES_LIMIT} different prompts.`,
    hint: "Join some of them into one.",
  });
}

function tooLarge(): PromptlibError {
  return new PromptlibError("render_too_large", {
    message: `What this includes has more than ${RENDER_LIMIT.toLocaleString("en-US")} characters.`,
  });
}

function unresolved({ told }: Faults): PromptlibError {
  return new PromptlibError("include_unresolved", { details: { faults: told } });
}

interface Step {
  prompt: Prompt;
  /** How many includes deep it goes from here. */
  height: number;
  /** The next on the longest way. */
  next: Step | null;
}

/** The ways from the prompt through its includes: none may lead back to where it was, or too far. */
class Ways {
  readonly #root: Prompt;
  readonly #resolved: ResolvedIncludes;
  readonly #faults: Faults;
  readonly #done = new Map<string, Step>();
  /** Where we are, from the prompt on. */
  readonly #way: Prompt[] = [];

  constructor(root: Prompt, resolved: ResolvedIncludes, faults: Faults) {
    this.#root = root;
    this.#resolved = resolved;
    this.#faults = faults;
  }

  check(): void {
    const { height, next } = this.#walk(this.#root);
    if (height <= INCLUDE_DEPTH) return;
    const names = [this.#root.name];
    for (let step = next; step; step = step.next) names.push(step.prompt.name);
    this.#faults.add(
      null,
      null,
      `includes go ${height} deep, and at most ${INCLUDE_DEPTH} are allowed: ${names.join(" → ")}`,
    );
  }

  /** Each version once: how often it is included does not matter. */
  #walk(prompt: Prompt): Step {
    const done = this.#done.get(identity(prompt));
    if (done) return done;
    const here: Step = { prompt, height: 0, next: null };
    this.#way.push(prompt);
    for (const [key, include] of contentIncludes(prompt)) {
      const inner = this.#resolved.get(key)?.prompt;
      if (!inner || this.#closesCircle(prompt, include, inner)) continue;
      const step = this.#walk(inner);
      if (step.height + 1 > here.height) Object.assign(here, { height: step.height + 1, next: step });
    }
    this.#way.pop();
    this.#done.set(identity(prompt), here);
    return here;
  }

  #closesCircle(from: Prompt, include: Include, inner: Prompt): boolean {
    const start = this.#way.findIndex((before) => identity(before) === identity(inner));
    if (start === -1) return false;
    const names = [...this.#way.slice(start), inner].map(({ name }) => name);
    this.#faults.add(spotOf(from, include, this.#root), null, `the includes go in a circle: ${names.join(" → ")}`);
    return true;
  }
}

function identity({ name, version }: Prompt): string {
  return `${name}@${version}`;
}
