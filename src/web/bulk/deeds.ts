/** What can be done to many prompts: for each one what would happen, said before; and doing it, with the way back. */
import { folderOf, nameFault } from "../../prompt/names.ts";
import type { Client, PromptSummary } from "../../sdk/index.ts";
import { type Retagging, retagging, withTags } from "../prompt/tags.ts";

export type Bulk =
  | { kind: "label"; label: string; from: string }
  | { kind: "tag"; add: readonly string[]; remove: readonly string[] }
  | { kind: "move"; folder: string }
  | { kind: "trash" };

/** `skip`: nothing would change, and why; `fault`: it cannot be done, and why. */
export type Plan = { does: string } | { skip: string } | { fault: string };

export interface Planned {
  prompt: PromptSummary;
  plan: Plan;
}

export interface Done {
  said: string;
  undo(): Promise<unknown>;
}

type Subject = Pick<PromptSummary, "name" | "tags" | "labels" | "newest">;

/** In the order of the prompts. */
export function planBulk(bulk: Bulk, prompts: readonly PromptSummary[]): Planned[] {
  const targets = new Map<string, number>();
  if (bulk.kind === "move") {
    for (const { name } of prompts) {
      const to = movedName(name, bulk.folder);
      targets.set(to, (targets.get(to) ?? 0) + 1);
    }
  }
  return prompts.map((prompt) => ({ prompt, plan: planOne(bulk, prompt, targets) }));
}

function planOne(bulk: Bulk, prompt: Subject, targets: ReadonlyMap<string, number>): Plan {
  switch (bulk.kind) {
    case "label":
      return planLabel(bulk, prompt);
    case "tag": {
      const tags = withTags(prompt.tags, bulk);
      if (tags.join("\n") === prompt.tags.join("\n")) return { skip: "has these tags already" };
      if (tags.length > TAGS_LIMIT)
        return { fault: `would have ${tags.length} tags; at most ${TAGS_LIMIT} are allowed` };
      return { does: tags.length === 0 ? "has no tags then" : `has the tags ${tags.join(", ")} then` };
    }
    case "move": {
      const to = movedName(prompt.name, bulk.folder);
      const fault = nameFault(to);
      if (to === prompt.name) return { skip: "is there already" };
      if (fault) return { fault: `the name ${fault}` };
      if ((targets.get(to) ?? 0) > 1) return { fault: `another one of these would be called ${to}, too` };
      return { does: `is called ${to} then, and still answers to the old name` };
    }
    case "trash":
      return { does: "goes into the trash, with its versions and labels" };
  }
}

const TAGS_LIMIT = 50;

function planLabel({ label, from }: Bulk & { kind: "label" }, { labels, newest }: Subject): Plan {
  const to = from === "latest" ? newest : placeOf(labels, from);
  const at = placeOf(labels, label);
  if (to === undefined) return { fault: `has no label ${from}` };
  if (at === to) return { skip: `${label} is on version ${to} already` };
  return { does: `${label} goes to version ${to}${at === undefined ? "" : `; it was on version ${at}`}` };
}

/** Labels may be called what every object has. */
function placeOf(labels: Subject["labels"], label: string): number | undefined {
  return Object.hasOwn(labels, label) ? labels[label] : undefined;
}

/** `folder` "": to the top. */
function movedName(name: string, folder: string): string {
  const leaf = name.slice(name.lastIndexOf("/") + 1);
  return folder === "" ? leaf : `${folder}/${leaf}`;
}

/** As one types it: with a / at an end, or not. */
export function folderTyped(typed: string): string {
  return typed
    .normalize("NFC")
    .trim()
    .replace(/^\/+|\/+$/g, "");
}

/** Of the tags as they are now, not as the list had them: what others did meanwhile stays. */
async function retag(client: Client, name: string, change: Retagging) {
  const { tags: before } = (await client.fetchPrompt(name)).prompt;
  const { tags } = await client.patchPrompt(name, { tags: withTags(before, change) });
  return { before, tags };
}

/** Errors: those of the client. */
export async function doOne(client: Client, bulk: Bulk, prompt: Subject): Promise<Done> {
  const { name } = prompt;
  switch (bulk.kind) {
    case "label": {
      const { label, from } = bulk;
      const { version } = await client.moveLabel(
        name,
        label,
        (from === "latest" ? prompt.newest : placeOf(prompt.labels, from)) ?? 0,
      );
      return { said: `${label} is on version ${version}`, undo: () => client.undoLabel(name, label, version) };
    }
    case "tag": {
      const { before, tags } = await retag(client, name, bulk);
      const back = retagging(tags, before);
      return {
        said: tags.length === 0 ? "has no tags" : tags.join(", "),
        undo: () => retag(client, name, back),
      };
    }
    case "move": {
      const { name: to } = await client.renamePrompt(name, movedName(name, bulk.folder));
      return { said: `is called ${to}`, undo: () => client.renamePrompt(to, name) };
    }
    case "trash": {
      const { id } = await client.trashPrompt(name);
      return { said: "is in the trash", undo: () => client.restorePrompt(id) };
    }
  }
}

/** The folder that all are in, to begin with. */
export function commonFolder(prompts: readonly PromptSummary[]): string {
  const folders = new Set(prompts.map(({ name }) => folderOf(name)));
  const [only, ...others] = folders;
  return others.length === 0 ? (only ?? "") : "";
}
