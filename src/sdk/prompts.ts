import type { RenderedPrompt, RenderRequest } from "../contract/render.ts";
import type { Ref, ResolveAnswer } from "../contract/resolve.ts";
import type { FetchQuery, ListQuery } from "../contract/routes.ts";
import type { FoundPrompt, PromptList } from "../contract/search.ts";
import type {
  Alias,
  List,
  MovePrompt,
  PatchPrompt,
  Prompt,
  PromptSummary,
  PurgedPrompt,
  RedactedVersion,
  SavedPrompt,
  SavePrompt,
  TrashedPrompt,
  VersionSummary,
} from "../contract/shapes.ts";
import { promptPath } from "./path.ts";
import { type ServedFrom, servedFrom, type Transport } from "./transport.ts";

export interface FetchedPrompt {
  prompt: Prompt;
  /** For `ifNoneMatch` next time. */
  etag: string | null;
  servedFrom: ServedFrom;
  /** The present name of the prompt, when it was asked for by one that it had before. */
  renamedTo: string | null;
  /** Of the prompt: grows with each change of it. null: the server did not say. */
  revision: bigint | null;
}
/** What the caller has is what it still is. */
interface Unchanged {
  prompt: null;
  servedFrom: ServedFrom;
  /** That of the prompt may have grown all the same: a label went to and fro, say. */
  revision: bigint | null;
}
export interface RenderedAnswer {
  rendered: RenderedPrompt;
  servedFrom: ServedFrom;
}
export interface PromptPage extends PromptList {
  servedFrom: ServedFrom;
}

/** WhichVersion version; the latest when neither is given. */
export type WhichVersion = Omit<FetchQuery, "project">;
export type PromptFilter = Omit<ListQuery, "project">;
export interface PageOptions {
  /** `nextCursor` of the page before. */
  cursor?: string;
  limit?: number;
}

/** Fetch, list, save, versions, trash. */
export function promptCalls(transport: Transport) {
  const { project } = transport;

  async function listPrompts(filter: PromptFilter = {}): Promise<PromptPage> {
    const call = { method: "GET", path: "/api/prompts", query: { ...filter, ...project } } as const;
    const { body, headers } = await transport.answer<PromptList>(call);
    return { ...body, servedFrom: servedFrom(headers) };
  }

  return {
    ...fetchesThrough(transport),
    resolvePrompts: resolvePromptsThrough(transport),
    /** Rendered by the server, with what it includes. `render` does it here, for a prompt that was fetched. */
    async renderPrompt(name: string, body: RenderRequest = {}): Promise<RenderedAnswer> {
      const call = { method: "POST", path: promptPath(name, "/render"), query: project, body } as const;
      const answer = await transport.answer<RenderedPrompt>(call);
      return { rendered: answer.body, servedFrom: servedFrom(answer.headers) };
    },
    /** All, or those in which `search` is found, best first. One page; `nextCursor` of the answer is the `cursor` of the next. */
    listPrompts,
    /** Every prompt that the filter lets through, page by page. */
    async *allPrompts(filter: Omit<PromptFilter, "cursor"> = {}): AsyncGenerator<FoundPrompt, void, undefined> {
      for (let cursor: string | null | undefined; cursor !== null; ) {
        const page = await listPrompts({ ...filter, ...(cursor === undefined ? {} : { cursor }) });
        yield* page.items;
        cursor = page.nextCursor;
      }
    },
    /** Saves a new prompt or the next version; `created` is false when the newest version has this content. */
    savePrompt: (body: SavePrompt): Promise<SavedPrompt> =>
      transport.body({ method: "POST", path: "/api/prompts", query: project, body }),
    /** Changes description or tags; makes no version. */
    patchPrompt: async (name: string, body: PatchPrompt): Promise<PromptSummary> =>
      transport.body({ method: "PATCH", path: promptPath(name), query: project, body }),
    /** The old name goes on answering as an alias. A folder is part of the name. */
    renamePrompt: async (name: string, to: string): Promise<PromptSummary> =>
      transport.body({ method: "POST", path: promptPath(name, "/rename"), query: project, body: { to } }),
    /** To another project: it is made anew there, and what it was goes into the trash here. */
    movePrompt: async (name: string, to: MovePrompt): Promise<PromptSummary> =>
      transport.body({ method: "POST", path: promptPath(name, "/move"), query: project, body: to }),
    /** A new prompt out of one version of another: by number, by label, or the latest. */
    duplicatePrompt: async (name: string, to: string, which: WhichVersion = {}): Promise<SavedPrompt> =>
      transport.body({ method: "POST", path: promptPath(name, "/duplicate"), query: project, body: { to, ...which } }),
    /** Names that prompts had before and still answer under. */
    listAliases: (page: PageOptions = {}): Promise<List<Alias>> =>
      transport.body({ method: "GET", path: "/api/aliases", query: { ...page, ...project } }),
    /** The former name answers no more. */
    async removeAlias(name: string): Promise<void> {
      await transport.body({ method: "DELETE", path: "/api/aliases", query: { name, ...project } });
    },
    trashPrompt: async (name: string): Promise<TrashedPrompt> =>
      transport.body({ method: "DELETE", path: promptPath(name), query: project }),
    listTrash: (page: PageOptions = {}): Promise<List<TrashedPrompt>> =>
      transport.body({ method: "GET", path: "/api/trash", query: { ...page, ...project } }),
    /** `id` is that of the trashed prompt: several of one name may be in the trash. */
    restorePrompt: (id: string): Promise<PromptSummary> =>
      transport.body({
        method: "POST",
        path: `/api/trash/${encodeURIComponent(id)}/restore`,
        query: project,
      }),
    /** For good, with all its versions. `id`: in the trash. */
    purgePrompt: (id: string): Promise<PurgedPrompt> =>
      transport.body({ method: "DELETE", path: `/api/trash/${encodeURIComponent(id)}`, query: project }),
    /** Of a prompt in the trash. */
    redactTrashed: (id: string, version: number, reason: string): Promise<RedactedVersion> => {
      const path = `/api/trash/${encodeURIComponent(id)}/versions/${version}/redact`;
      return transport.body({ method: "POST", path, query: project, body: { reason } });
    },
    /** Takes out what a version says, for good. No label may be on it. */
    redactVersion: async (name: string, version: number, reason: string): Promise<RedactedVersion> =>
      transport.body({
        method: "POST",
        path: promptPath(name, `/versions/${version}/redact`),
        query: project,
        body: { reason },
      }),
    /** Newest first, without content. */
    listVersions: async (name: string, page: PageOptions = {}): Promise<List<VersionSummary>> =>
      transport.body({
        method: "GET",
        path: promptPath(name, "/versions"),
        query: { ...page, ...project },
      }),
  };
}

function fetchesThrough(transport: Transport) {
  async function refetchPrompt(
    name: string,
    { ifNoneMatch, ...query }: WhichVersion & { ifNoneMatch?: string },
  ): Promise<FetchedPrompt | Unchanged> {
    const { status, headers, body } = await transport.answer<Prompt>({
      method: "GET",
      path: promptPath(name),
      query: { ...query, ...transport.project },
      ...(ifNoneMatch === undefined ? {} : { headers: { "if-none-match": ifNoneMatch }, accepts: [304] }),
    });
    const revision = revisionOf(headers);
    if (status === 304) return { prompt: null, servedFrom: servedFrom(headers), revision };
    const renamedTo = headers.get("x-renamed-to");
    return {
      prompt: body,
      etag: headers.get("etag"),
      servedFrom: servedFrom(headers),
      renamedTo: renamedTo === null ? null : decodeURIComponent(renamedTo),
      revision,
    };
  }
  /** One version: by number, by label, or the latest. With `ifNoneMatch`, null when that is what it still is. */
  async function fetchPrompt(
    name: string,
    which: WhichVersion & { ifNoneMatch: string },
  ): Promise<FetchedPrompt | null>;
  async function fetchPrompt(name: string, which?: WhichVersion): Promise<FetchedPrompt>;
  async function fetchPrompt(name: string, which: WhichVersion & { ifNoneMatch?: string } = {}) {
    const fetched = await refetchPrompt(name, which);
    return fetched.prompt === null ? null : fetched;
  }
  return {
    fetchPrompt,
    /** The same, for who goes on asking: what is unchanged has a revision, too. */
    refetchPrompt,
  };
}

function revisionOf(headers: Headers): bigint | null {
  const revision = headers.get("x-revision") ?? "";
  return /^\d+$/.test(revision) ? BigInt(revision) : null;
}

function resolvePromptsThrough(transport: Transport) {
  /** Up to 100 prompts in one request; each is answered, or has its own error. `etag`: of the answer that is there. */
  return async (refs: readonly Ref[], etag?: string): Promise<ResolveAnswer & { servedFrom: ServedFrom }> => {
    const answer = await transport.answer<ResolveAnswer>({
      method: "POST",
      path: "/api/resolve",
      query: transport.project,
      body: { refs, ...(etag === undefined ? {} : { etag }) },
      repeatable: true,
    });
    return { ...answer.body, servedFrom: servedFrom(answer.headers) };
  };
}
