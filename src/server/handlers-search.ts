/** Routes by which one finds one's way: the list and its search, folders, tags, labels, what differs between versions. */
import { PromptlibError } from "../contract/errors.ts";
import { countFolders, countLabels, countTags } from "../library/counts.ts";
import { listMirrored, mirroredFolders, mirroredLabels, mirroredTags } from "../library/mirror-reader.ts";
import { promptOf } from "../library/ready.ts";
import { listOrSearch } from "../library/search.ts";
import { diffVersions } from "../prompt/diff.ts";
import { normalizeName } from "../prompt/names.ts";
import { FROM_MIRROR } from "./answer.ts";
import type { Fetched } from "./backend.ts";
import type { Handlers } from "./route.ts";

export const searchHandlers = {
  async listPrompts({ project, query }, { backend }) {
    const mirrored = !query.search || query.in === "names";
    const listed = await backend.list((db) => listOrSearch(db, project, query), mirrored);
    if (typeof listed === "object") return { body: listed };
    if (!mirrored) throw listed === "slow" ? new PromptlibError("search_too_slow") : onlyNames();
    return { body: await listMirrored(backend.config.home.prompts, project.name, query), headers: FROM_MIRROR };
  },

  async listFolders({ project, query }, { backend }) {
    const listed = await backend.list((db) => countFolders(db, project, query), true);
    if (typeof listed === "object") return { body: listed };
    return { body: await mirroredFolders(backend.config.home.prompts, project.name, query), headers: FROM_MIRROR };
  },

  async listTags({ project, query }, { backend }) {
    const listed = await backend.list((db) => countTags(db, project, query), true);
    if (typeof listed === "object") return { body: listed };
    return { body: await mirroredTags(backend.config.home.prompts, project.name, query), headers: FROM_MIRROR };
  },

  async listUsedLabels({ project, query }, { backend }) {
    const listed = await backend.list((db) => countLabels(db, project, query), true);
    if (typeof listed === "object") return { body: listed };
    return { body: await mirroredLabels(backend.config.home.prompts, project.name, query), headers: FROM_MIRROR };
  },

  async diffVersions({ project, params, query }, { backend }) {
    const name = normalizeName(params.name);
    const to = await backend.fetch(project, name, selectorOf(query.to));
    const newer = promptOf(to);
    const selector = query.from === undefined ? { version: Math.max(1, newer.version - 1) } : selectorOf(query.from);
    const from = await backend.fetch(project, name, selector);
    return { body: diffVersions(promptOf(from), newer), headers: marksOf(from, to) };
  },
} satisfies Partial<Handlers>;

/** A number means a version, also where a label is called so. */
function selectorOf(side: string | undefined): { version: number } | { label: string } | Record<string, never> {
  if (side === undefined) return {};
  return /^[1-9]\d{0,8}$/.test(side) ? { version: Number(side) } : { label: side };
}

function marksOf(from: Fetched, to: Fetched): Record<string, string> {
  return { "cache-control": "no-store", ...(from.fromMirror || to.fromMirror ? FROM_MIRROR : {}) };
}

function onlyNames(): PromptlibError {
  return new PromptlibError("database_unavailable", {
    message: "The database does not answer, and what versions say cannot be searched without it.",
    hint: "Names, tags and descriptions can: in=names, or promptlib search --in names.",
  });
}
