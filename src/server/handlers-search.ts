/** Routes by which one finds one's way: the list and its search, folders, tags, labels, what differs between versions. */
import { PromptlibError } from "../contract/errors.ts";
import type { Queries } from "../database/database.ts";
import { countFolders, countLabels, countTags } from "../library/counts.ts";
import { listMirrored, mirroredFolders, mirroredLabels, mirroredTags } from "../library/mirror-reader.ts";
import { promptOf } from "../library/ready.ts";
import { listOrSearch } from "../library/search.ts";
import { diffVersions } from "../prompt/diff.ts";
import { normalizeName } from "../prompt/names.ts";
import { FROM_MIRROR } from "./answer.ts";
import type { Backend, Fetched } from "./backend.ts";
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
    const ofMirror = (prompts: string) => mirroredFolders(prompts, project.name, query);
    return await counts(backend, (db) => countFolders(db, project, query), ofMirror);
  },

  async listTags({ project, query }, { backend }) {
    const ofMirror = (prompts: string) => mirroredTags(prompts, project.name, query);
    return await counts(backend, (db) => countTags(db, project, query), ofMirror);
  },

  async listUsedLabels({ project, query }, { backend }) {
    const ofMirror = (prompts: string) => mirroredLabels(prompts, project.name, query);
    return await counts(backend, (db) => countLabels(db, project, query), ofMirror);
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

/** From the database, or from the mirror's folder of prompts where that does not answer. */
async function counts<T extends object>(
  backend: Backend,
  ofDatabase: (db: Queries) => Promise<T>,
  ofMirror: (prompts: string) => Promise<T>,
) {
  const listed = await backend.list(ofDatabase, true);
  if (typeof listed === "object") return { body: listed };
  return { body: await ofMirror(backend.config.home.prompts), headers: FROM_MIRROR };
}

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
