/**
 * Reads prompts for an application that must go on whatever becomes of the server: from memory, kept current by change
 * events and asked for again from time to time; without a server from what it has, from a bundle, from a fallback. A
 * bad answer never takes the place of a good one.
 */
import { PromptlibError } from "../contract/errors.ts";
import type { RenderedPrompt, RenderRequest } from "../contract/render.ts";
import type { Message, Prompt } from "../contract/shapes.ts";
import { resolveIncludes } from "../prompt/includes.ts";
import { formatRendered, type RenderFormat } from "../prompt/messages.ts";
import { render } from "../prompt/render.ts";
import { type Bundle, findInBundle, lacksLabel, readBundle } from "./bundle.ts";
import { createClient } from "./client.ts";
import { followChanges } from "./follow.ts";
import { type Held, HeldPrompts } from "./held.ts";
import type { WhichVersion } from "./prompts.ts";
import { Refresher } from "./refresh.ts";
import type { ClientOptions } from "./transport.ts";

export interface ReaderOptions extends ClientOptions {
  /** What a file of `promptlib bundle` holds, parsed. It answers where the server never did. */
  bundle?: unknown;
  /** How long an answer is used without asking again, in ms; 30,000 when left out. */
  maxAge?: number;
  /** How long it is used while it is asked again, in ms; older than that is waited for; 300,000 when left out. */
  maxStale?: number;
  /** How many prompts are held in memory; 1,000 when left out. */
  limit?: number;
  /** false: listen for no changes; then `maxAge` alone says how old an answer may be. */
  events?: boolean;
  /** Told of every failure that was lived through. */
  onTrouble?(error: PromptlibError): void;
}

export interface ReadOptions extends WhichVersion {
  /** A text, or messages, where nothing else answers, or the library has no such prompt. */
  fallback?: string | Message[];
}

/** `memory`: an answer of the server, from before. */
export type ReadFrom = "server" | "memory" | "bundle" | "fallback";

export interface Read {
  prompt: Prompt;
  from: ReadFrom;
  /** It may be older than it should be: the server was not asked, did not answer well, or is without its database. */
  stale: boolean;
}

export interface RenderOptions extends ReadOptions {
  values?: NonNullable<RenderRequest["values"]>;
  /** `text` for a text prompt, `openai` for a chat when left out. */
  format?: RenderFormat;
}

export interface ReadRendered extends Pick<RenderedPrompt, "warnings"> {
  output: RenderedPrompt["output"];
  /** Of the prompt; 0 for a fallback. */
  version: number;
  from: ReadFrom;
  stale: boolean;
}

export interface Reader {
  /** One version: by number, by label, or the latest. */
  get(name: string, options?: ReadOptions): Promise<Read>;
  /** The same, rendered here, with what it includes. */
  render(name: string, options?: RenderOptions): Promise<ReadRendered>;
  /** Ends the connection that listens for changes. What is held can still be read. */
  close(): void;
}

export function createReader(options: ReaderOptions): Reader {
  const { maxAge = 30_000, maxStale = 300_000, limit = 1_000, events = true } = options;
  const bundle = options.bundle === undefined ? null : readBundle(options.bundle);
  const client = createClient({ timeout: 5_000, ...options });
  const held = new HeldPrompts(limit);
  // Whatever the application does with it, it is no part of reading.
  const onTrouble = (error: PromptlibError) => queueMicrotask(() => options.onTrouble?.(error));
  const refresher = new Refresher(client, onTrouble);
  const closed = new AbortController();
  const follower = {
    onChange: ({ name, formerNames }: { name: string; formerNames: string[] }) =>
      refresher.changed(held.named(new Set([name, ...formerNames]))),
    onReady: () => refresher.serverIsBack(),
    onReset: () => {
      for (const one of held.all()) one.suspect = true;
    },
    onTrouble,
  };
  if (events) void followChanges(client, closed.signal, follower);
  const get = getThrough({ held, refresher, bundle, maxAge, maxStale });
  return {
    get: (name, { fallback, version, label } = {}) => get(name, { fallback, version, label }),
    render: (name, wanted = {}) => renderThrough(get, name, wanted),
    close() {
      closed.abort();
      refresher.close();
    },
  };
}

/** What a server said without its database is not asked for again sooner, whoever reads it. */
const MIRROR_MS = 1_000;

interface Sources {
  held: HeldPrompts;
  refresher: Refresher;
  bundle: Bundle | null;
  maxAge: number;
  maxStale: number;
}

/** `isInclude`: that the bundle has it without this label is an answer, where nothing else answers. */
type Get = (name: string, options: ReadOptions & { isInclude?: true }) => Promise<Read>;

function getThrough({ held, refresher, bundle, maxAge, maxStale }: Sources): Get {
  return async (name, { fallback, version, label, isInclude }) => {
    const one = held.take(name, version === undefined ? { label: label ?? "latest" } : { version });
    const age = performance.now() - one.confirmedAt;
    if (one.answer && !one.suspect && age < maxAge) {
      return { prompt: one.answer.prompt, from: "memory", stale: one.fromMirror };
    }
    if (one.answer && (age < maxStale || refresher.isFailing)) {
      // A server without its database has nothing new to say a moment later.
      if (!(one.fromMirror && age < MIRROR_MS)) void refresher.refresh(one);
      return { prompt: one.answer.prompt, from: "memory", stale: true };
    }
    // What the library said is gone, the bundle does not bring back.
    const spare = one.gone ? fallbackOf(one, fallback) : spareOf(one, bundle, fallback);
    const lack = one.gone ?? (bundle && isInclude && lacksLabel(bundle, one.name, one.which) ? noLabel(one) : null);
    if (refresher.isFailing && (spare || lack)) {
      void refresher.refresh(one);
      if (spare) return spare;
      throw lack;
    }
    const trouble = await refresher.refresh(one, { must: true });
    if (one.answer) {
      held.makeRoom();
      const stale = trouble !== null || one.fromMirror;
      return { prompt: one.answer.prompt, from: trouble ? "memory" : "server", stale };
    }
    const last = one.gone ? fallbackOf(one, fallback) : spare;
    if (last) return last;
    throw one.gone ?? lack ?? trouble ?? new PromptlibError("internal");
  };
}

function noLabel({ name, which }: Held): PromptlibError {
  return new PromptlibError("label_not_found", { message: `“${name}” has no label “${which.label}” in the bundle.` });
}

/** What answers when the server does not, and never did. */
function spareOf(one: Held, bundle: Bundle | null, fallback: ReadOptions["fallback"]): Read | null {
  const bundled = bundle && findInBundle(bundle, one.name, one.which);
  return bundled ? { prompt: bundled, from: "bundle", stale: true } : fallbackOf(one, fallback);
}

function fallbackOf({ name }: Pick<Held, "name">, fallback: ReadOptions["fallback"]): Read | null {
  if (fallback === undefined) return null;
  const content =
    typeof fallback === "string"
      ? ({ type: "text", text: fallback } as const)
      : ({ type: "chat", messages: fallback } as const);
  const prompt: Prompt = {
    ...content,
    project: "",
    name,
    version: 0,
    newest: 0,
    labels: [],
    tags: [],
    description: "",
    message: "",
    author: "",
    createdAt: new Date(0).toISOString(),
    contentHash: "",
    variables: {},
    config: {},
    template: "mustache",
  };
  return { prompt, from: "fallback", stale: true };
}

async function renderThrough(get: Get, name: string, options: RenderOptions): Promise<ReadRendered> {
  const { version, label, fallback } = options;
  const read = await get(name, { version, label, fallback });
  const spare = read.from === "fallback" ? null : fallbackOf({ name }, fallback);
  try {
    return await renderRead(get, read, options);
  } catch (error) {
    // What it includes is missing; values that do not fit are the caller's to mend.
    const isMissing = error instanceof PromptlibError && !error.code.startsWith("render_");
    if (spare && isMissing) return await renderRead(get, spare, options);
    throw error;
  }
}

async function renderRead(get: Get, read: Read, options: RenderOptions): Promise<ReadRendered> {
  const { prompt, from } = read;
  const { version, label = "latest", values = {}, format = prompt.type === "text" ? "text" : "openai" } = options;
  let stale = read.stale;
  // Who names a version asks for no label at all.
  const includes = await resolveIncludes(prompt, version === undefined ? label : null, async (included, which) => {
    const found = await get(included, { ...which, isInclude: true });
    stale ||= found.stale;
    return found.prompt;
  });
  const rendered = render(prompt, values, includes);
  return {
    output: formatRendered(rendered, format),
    warnings: rendered.warnings,
    version: prompt.version,
    from,
    stale,
  };
}
