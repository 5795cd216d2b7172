/** Routes about prompts, versions, the trash, the import. */
import type { IncomingHttpHeaders } from "node:http";
import { PromptlibError } from "../contract/errors.ts";
import { type ImportPiece, importPiece } from "../contract/import-shapes.ts";
import { routes } from "../contract/routes.ts";
import type { SavePrompt } from "../contract/shapes.ts";
import { transact } from "../database/transaction.ts";
import { listAliases, removeAlias } from "../library/aliases.ts";
import { exportPrompts } from "../library/export.ts";
import { importFiles } from "../library/import/import.ts";
import { listTrash, listVersions, patchPrompt } from "../library/list.ts";
import { movePrompt } from "../library/move.ts";
import { readPage } from "../library/page.ts";
import { prepareSave } from "../library/prepare-save.ts";
import { purgePrompt } from "../library/purge.ts";
import { promptOf, readyAnswer } from "../library/ready.ts";
import { redactVersion } from "../library/redact.ts";
import { duplicatePrompt, renamePrompt } from "../library/rename.ts";
import { renderPrompt } from "../library/render.ts";
import { readSaved, savePrompt } from "../library/save.ts";
import { restorePrompt, trashPrompt } from "../library/trash.ts";
import type { FindPrompt } from "../prompt/includes.ts";
import { normalizeName } from "../prompt/names.ts";
import { FROM_MIRROR, ONLY_HEAD_OF_LINES, RENAMED_TO, REVISION } from "./answer.ts";
import { type Caller, callerName } from "./caller.ts";
import { projectOf, protectedLabelsOf, requireProjectAccess } from "./permission.ts";
import { linesOf } from "./request-lines.ts";
import type { Handlers } from "./route.ts";

export const promptHandlers = {
  async fetchPrompt({ project, caller, params, query, raw }, { backend, fetchCounts }) {
    if (query.version !== undefined && query.label !== undefined) throw eitherVersionOrLabel();
    const { bytes, etag, renamedTo, promptId, revision, fromMirror } = await backend.fetch(
      project,
      normalizeName(params.name),
      query,
    );
    fetchCounts.fetched(promptId, query, countedAs(caller));
    const headers = {
      etag,
      "cache-control": "private, no-cache",
      ...(revision === null ? {} : { [REVISION]: revision }),
      ...(fromMirror ? FROM_MIRROR : {}),
      ...renamed(renamedTo),
    };
    return matches(raw.headers["if-none-match"], etag) ? { status: 304, headers } : { body: bytes, headers };
  },

  async renderPrompt({ project, caller, params, body }, { backend, fetchCounts }) {
    const asked = normalizeName(params.name);
    let fromMirror = false;
    const find: FindPrompt = async (name, which) => {
      const fetched = await backend.fetch(project, name, which);
      fromMirror ||= fetched.fromMirror;
      fetchCounts.fetched(fetched.promptId, which, countedAs(caller));
      return promptOf(fetched);
    };
    const rendered = await renderPrompt(find, asked, body);
    const { bytes, etag } = readyAnswer(rendered);
    const headers = {
      etag,
      "cache-control": "no-store",
      ...(fromMirror ? FROM_MIRROR : {}),
      ...renamed(rendered.name === asked ? null : rendered.name),
    };
    return { body: bytes, headers };
  },

  async savePrompt({ project, actor, caller, body: asked, raw }, { backend }) {
    for (const label of asked.labels ?? []) requireProjectAccess("label", caller, project, label);
    const save = prepareSave(withBase(asked, raw.headers));
    // Answered as it was in the transaction: a moment later someone may have trashed it.
    const { created, nameOf, prompt } = await transact(backend.requireDatabase(), async (transaction) => {
      const saved = await savePrompt(transaction, project, actor, save);
      return { ...saved, prompt: await readSaved(transaction, project, save.name, saved.version) };
    });
    const body = { ...prompt, created, ...(nameOf === null ? {} : { nameOf }) };
    return { status: created ? 201 : 200, body, headers: { etag: readyAnswer(prompt).etag } };
  },

  async patchPrompt({ project, actor, params, body }, { backend }) {
    return { body: await patchPrompt(backend.database, project, actor, normalizeName(params.name), body) };
  },

  async trashPrompt({ project, actor, params }, { backend }) {
    return { body: await trashPrompt(backend.database, project, actor, normalizeName(params.name)) };
  },

  async renamePrompt({ project, actor, params, body }, { backend }) {
    const [name, to] = [normalizeName(params.name), normalizeName(body.to)];
    return { body: await renamePrompt(backend.database, project, actor, name, to) };
  },

  async movePrompt({ project, actor, caller, params, body }, { backend }) {
    const there = projectOf(backend.access, caller, body.project);
    requireProjectAccess("editor", caller, there, null);
    const name = normalizeName(params.name);
    const to = {
      project: there,
      name: body.name === undefined ? name : normalizeName(body.name),
      actor: { ...actor, protectedLabels: protectedLabelsOf(caller, there) },
    };
    return { body: await movePrompt(backend.database, project, actor, name, to) };
  },

  async duplicatePrompt({ project, actor, params, body }, { backend }) {
    const request = { ...body, to: normalizeName(body.to) };
    const made = await duplicatePrompt(backend.database, project, actor, normalizeName(params.name), request);
    return { status: 201, body: made };
  },

  async listAliases({ project, query }, { backend }) {
    return { body: await listAliases(backend.database.reads, project, readPage(query)) };
  },

  async removeAlias({ project, actor, query }, { backend }) {
    await removeAlias(backend.database, project, actor, normalizeName(query.name));
    return { status: 204 };
  },

  async redactVersion({ project, actor, params, body }, { backend }) {
    const name = normalizeName(params.name);
    return { body: await redactVersion(backend.database, project, actor, { name }, params.version, body.reason) };
  },

  async redactTrashed({ project, actor, params, body }, { backend }) {
    const which = { trashed: params.id };
    return { body: await redactVersion(backend.database, project, actor, which, params.version, body.reason) };
  },

  async listVersions({ project, params, query }, { backend }) {
    return { body: await listVersions(backend.database.reads, project, normalizeName(params.name), readPage(query)) };
  },

  async listTrash({ project, query }, { backend }) {
    return { body: await listTrash(backend.database.reads, project, readPage(query)) };
  },

  async restorePrompt({ project, actor, params }, { backend }) {
    return { body: await restorePrompt(backend.database, project, actor, params.id) };
  },

  async purgePrompt({ project, actor, params }, { backend }) {
    return { body: await purgePrompt(backend.database, project, actor, params.id) };
  },

  importPrompts({ project, actor, caller, query, raw }, { backend, maintenance }) {
    if (query.format === "promptlib") {
      // Authors and times are taken as they are said: that is not for everyone who may save.
      requireProjectAccess("admin", caller, project, null);
      if (query.prune === "true") throw notOfAnExport("prune", "nothing is pruned by it");
      if (query.source !== undefined) throw notOfAnExport("source", "where its prompts came from is in it");
    }
    const { format, source } = query;
    const onUnsettled = (error: unknown) => backend.log.warn({ err: error }, "no statistics after an import");
    const options = { format, source, dryRun: query.dryRun === "true", prune: query.prune === "true", onUnsettled };
    const pieces = piecesOf(linesOf(raw), () => maintenance.require(routes.importPrompts));
    return { body: importFiles(backend.database, project, actor, pieces, options) };
  },

  exportPrompts({ project, caller, raw }, { backend, exports }) {
    if (raw.method === "HEAD") return ONLY_HEAD_OF_LINES;
    const database = backend.requireDatabase();
    return { body: exports.admit(callerName(caller))(exportPrompts(database, project)) };
  },
} satisfies Partial<Handlers>;

/** For how often labels are fetched: an id alone is a key's. */
function countedAs(caller: Caller): string {
  return caller.kind === "key" ? caller.key.id : callerName(caller);
}

function notOfAnExport(field: "prune" | "source", why: string): PromptlibError {
  return new PromptlibError("invalid_request", {
    message: `An export is put back beside what is there; ${why}.`,
    details: { faults: [{ field: `query.${field}`, fault: "is not for the format promptlib" }] },
  });
}

function renamed(to: string | null): Record<string, string> {
  return to === null ? {} : { [RENAMED_TO]: encodeURIComponent(to) };
}

function eitherVersionOrLabel(): PromptlibError {
  return new PromptlibError("invalid_request", {
    message: "Ask for a version or for a label, not for both.",
    details: { faults: [{ field: "query.label", fault: "is given together with version" }] },
  });
}

function matches(ifNoneMatch: string | undefined, etag: string): boolean {
  if (!ifNoneMatch) return false;
  return ifNoneMatch.split(",").some((tag) => [etag, "*"].includes(tag.trim().replace(/^W\//, "")));
}

/** If-Match names a version by the ETag of a fetch, labels and tags may have moved since; If-None-Match: * says none. */
function withBase(body: SavePrompt, headers: IncomingHttpHeaders): SavePrompt {
  const { "if-match": ifMatch, "if-none-match": ifNoneMatch } = headers;
  if (ifMatch === undefined && ifNoneMatch === undefined) return body;
  if (ifMatch !== undefined && ifNoneMatch !== undefined) {
    throw oddBase("headers.if-none-match", "is given together with if-match", "Give either If-Match or If-None-Match.");
  }
  if (ifNoneMatch !== undefined && ifNoneMatch.trim() !== "*") {
    throw oddBase("headers.if-none-match", "is not *", "If-None-Match must be *: only as a new prompt.");
  }
  const version = ifMatch === undefined ? 0 : Number(/^(?:W\/)?"([1-9]\d{0,8})-[^"]*"$/.exec(ifMatch.trim())?.[1]);
  if (Number.isNaN(version)) {
    const message = "If-Match must be the ETag of a fetched version.";
    throw oddBase("headers.if-match", "take it from the ETag of a fetch", message);
  }
  if (body.baseVersion !== undefined && body.baseVersion !== version) {
    const header = ifMatch === undefined ? "If-None-Match" : "If-Match";
    const message = `${header} and baseVersion name different versions.`;
    throw oddBase("body.baseVersion", `is not the version ${version} of ${header}`, message);
  }
  return { ...body, baseVersion: version };
}

function oddBase(field: string, fault: string, message: string): PromptlibError {
  return new PromptlibError("invalid_request", { message, details: { faults: [{ field, fault }] } });
}

/** `goesOn` throws where the rest of a long import is not wanted any more. */
async function* piecesOf(
  lines: AsyncIterable<{ number: number; text: string }>,
  goesOn: () => void,
): AsyncGenerator<ImportPiece> {
  for await (const { number, text } of lines) {
    goesOn();
    const piece = importPiece.safeParse(parseOrNull(text));
    if (!piece.success) {
      throw new PromptlibError("invalid_request", {
        message: `Line ${number} of the import is not {"path": …, "content": …}.`,
      });
    }
    yield piece.data;
  }
}

function parseOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // told as what it is: not a piece
  }
}
