/** Puts together a bundle of what a library has now. */
import { PromptlibError } from "../contract/errors.ts";
import type { Prompt, PromptSummary } from "../contract/shapes.ts";
import { type FindPrompt, resolveIncludes } from "../prompt/includes.ts";
import { BUNDLE_FORMAT, type Bundle } from "./bundle.ts";
import type { Client } from "./client.ts";
import { collectPages } from "./collect-pages.ts";
import type { WhichVersion } from "./prompts.ts";

export interface BundleOptions {
  /** Only the versions that have one of these, and what they include; else the newest and every labelled one. `latest` is one, too. */
  labels?: readonly string[];
  tag?: string;
  folder?: string;
}

/** As many as one request takes. */
const PORTION = 100;
/** A database that was only slow has the answer ready by then. */
const TRIES = 5;
const PAUSE_MS = 400;
/** What may happen to a prompt between the list and its fetch. */
const LEFT_OUT: readonly string[] = ["prompt_not_found", "label_not_found"];

/** Errors: whatever keeps it from being whole, `database_unavailable` among them. */
export async function makeBundle(client: Client, { labels, ...filter }: BundleOptions = {}): Promise<Bundle> {
  const refs: { name: string; label: string }[] = [];
  for await (const prompt of client.allPrompts(filter)) {
    refs.push(...labelsOf(prompt, labels).map((label) => ({ name: prompt.name, label })));
  }
  const bundled = new Bundled();
  for (let first = 0; first < refs.length; first += PORTION) {
    const portion = refs.slice(first, first + PORTION);
    for (const [index, item] of (await resolved(client, portion)).entries()) {
      const prompt = "error" in item ? await fetchAlone(client, item.error, portion[index]) : item.prompt;
      if (prompt) bundled.add(prompt);
    }
  }
  await addIncludes(client, bundled);
  const prompts = bundled.all().sort(byNameAndVersion);
  return {
    format: BUNDLE_FORMAT,
    project: prompts[0]?.project ?? "",
    madeAt: new Date().toISOString(),
    aliases: await aliasesOf(client, prompts),
    prompts,
  };
}

class Bundled {
  readonly #byVersion = new Map<string, Prompt>();
  readonly #byLabel = new Map<string, Prompt>();

  add(prompt: Prompt): void {
    this.#byVersion.set(JSON.stringify([prompt.name, prompt.version]), prompt);
    for (const label of prompt.labels) this.#byLabel.set(JSON.stringify([prompt.name, label]), prompt);
  }

  find(name: string, { version, label = "latest" }: WhichVersion): Prompt | undefined {
    return version === undefined
      ? this.#byLabel.get(JSON.stringify([name, label]))
      : this.#byVersion.get(JSON.stringify([name, version]));
  }

  all(): Prompt[] {
    return [...this.#byVersion.values()];
  }
}

/** What keeps an include from being had, and goes on doing so. */
const NOT_INCLUDED: readonly string[] = ["include_unresolved", "render_too_large", "version_redacted"];

/** What they include, by each label that they may be asked for, so that all of them can be rendered. */
async function addIncludes(client: Client, bundled: Bundled): Promise<void> {
  const find: FindPrompt = async (name, which) => {
    const known = bundled.find(name, which);
    if (known) return known;
    const { prompt, servedFrom } = await client.fetchPrompt(name, which);
    if (servedFrom === "mirror") throw new PromptlibError("database_unavailable");
    bundled.add(prompt);
    return prompt;
  };
  for (const prompt of bundled.all()) {
    // Who asks for it by its number, asks for no label.
    for (const label of [null, ...prompt.labels]) {
      try {
        await resolveIncludes(prompt, label, find);
      } catch (error) {
        if (!(error instanceof PromptlibError && NOT_INCLUDED.includes(error.code))) throw error;
      }
    }
  }
}

/** From the database: what a mirror knows may lack the last moment. */
async function resolved(client: Client, refs: { name: string; label: string }[]) {
  for (let attempt = 1; ; attempt += 1) {
    const { items, servedFrom } = await client.resolvePrompts(refs);
    if (servedFrom === "database") return items ?? [];
    if (attempt === TRIES) throw new PromptlibError("database_unavailable");
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

function labelsOf({ labels }: PromptSummary, wanted: readonly string[] | undefined): string[] {
  const there = [...Object.keys(labels), "latest"];
  return wanted ? there.filter((label) => wanted.includes(label)) : there;
}

/** Where many were asked for at once and this one was not answered. */
async function fetchAlone(
  client: Client,
  { code, message, hint }: { code: string; message: string; hint: string },
  ref: { name: string; label: string } | undefined,
): Promise<Prompt | null> {
  if (LEFT_OUT.includes(code)) return null;
  if (code !== "resolve_too_large" || !ref) throw new PromptlibError("internal", { message, hint });
  try {
    const { prompt, servedFrom } = await client.fetchPrompt(ref.name, { label: ref.label });
    if (servedFrom === "mirror") throw new PromptlibError("database_unavailable");
    return prompt;
  } catch (error) {
    if (error instanceof PromptlibError && LEFT_OUT.includes(error.code)) return null;
    throw error;
  }
}

async function aliasesOf(client: Client, prompts: readonly Prompt[]): Promise<Record<string, string>> {
  const present = new Set(prompts.map(({ name }) => name));
  const { items } = await collectPages((page) => client.listAliases(page));
  return Object.fromEntries(
    items.filter(({ prompt }) => present.has(prompt)).map(({ name, prompt }) => [name, prompt]),
  );
}

function byNameAndVersion(a: Prompt, b: Prompt): number {
  return a.name === b.name ? a.version - b.version : a.name < b.name ? -1 : 1;
}
