import type { FetchQuery, ListQuery } from "../contract/routes.ts";
import type {
  LabelPosition,
  List,
  PatchPrompt,
  Prompt,
  PromptSummary,
  SavedPrompt,
  SavePrompt,
  TrashedPrompt,
  VersionSummary,
} from "../contract/shapes.ts";
import type { ServedFrom, Transport } from "./transport.ts";

export interface FetchedPrompt {
  prompt: Prompt;
  /** For `ifNoneMatch` next time. */
  etag: string | null;
  servedFrom: ServedFrom;
}
export interface PromptPage extends List<PromptSummary> {
  servedFrom: ServedFrom;
}

type Which = Omit<FetchQuery, "project">;
type Filter = Omit<ListQuery, "project">;
interface Page {
  cursor?: string;
  limit?: number;
}

/** Fetch, list, save, versions, labels, trash. */
export function promptCalls(transport: Transport) {
  const { project } = transport;
  const at = (name: string, rest = "") => `/api/prompts/${encodeURIComponent(name)}${rest}`;
  const labelAt = (name: string, label: string) => at(name, `/labels/${encodeURIComponent(label)}`);

  async function listPrompts(filter: Filter = {}): Promise<PromptPage> {
    const call = { method: "GET", path: "/api/prompts", query: { ...filter, ...project } } as const;
    const { body, headers } = await transport.answer<List<PromptSummary>>(call);
    return { ...body, servedFrom: servedFrom(headers) };
  }

  return {
    fetchPrompt: fetchPromptThrough(transport, at),
    /** One page; `nextCursor` of the answer is the `cursor` of the next. */
    listPrompts,
    /** Every prompt that the filter lets through, page by page. */
    async *allPrompts(filter: Omit<Filter, "cursor"> = {}): AsyncGenerator<PromptSummary, void, undefined> {
      for (let cursor: string | null | undefined; cursor !== null; ) {
        const page = await listPrompts({ ...filter, ...(cursor === undefined ? {} : { cursor }) });
        yield* page.items;
        cursor = page.nextCursor;
      }
    },
    /** Saves a new prompt or the next version; `created` is false when the newest version has this content. */
    savePrompt: (body: SavePrompt) =>
      transport.body<SavedPrompt>({ method: "POST", path: "/api/prompts", query: project, body }),
    /** Changes description or tags; makes no version. */
    patchPrompt: (name: string, body: PatchPrompt) =>
      transport.body<PromptSummary>({ method: "PATCH", path: at(name), query: project, body }),
    trashPrompt: (name: string) => transport.body<TrashedPrompt>({ method: "DELETE", path: at(name), query: project }),
    listTrash: (page: Page = {}) =>
      transport.body<List<TrashedPrompt>>({ method: "GET", path: "/api/trash", query: { ...page, ...project } }),
    /** `id` is that of the trashed prompt: several of one name may be in the trash. */
    restorePrompt: (id: string) =>
      transport.body<PromptSummary>({
        method: "POST",
        path: `/api/trash/${encodeURIComponent(id)}/restore`,
        query: project,
      }),
    /** Newest first, without content. */
    listVersions: (name: string, page: Page = {}) =>
      transport.body<List<VersionSummary>>({
        method: "GET",
        path: at(name, "/versions"),
        query: { ...page, ...project },
      }),
    listLabels: (name: string) =>
      transport.body<List<LabelPosition>>({ method: "GET", path: at(name, "/labels"), query: project }),
    moveLabel: (name: string, label: string, version: number) =>
      transport.body<LabelPosition>({ method: "PUT", path: labelAt(name, label), query: project, body: { version } }),
    async removeLabel(name: string, label: string): Promise<void> {
      await transport.body({ method: "DELETE", path: labelAt(name, label), query: project });
    },
  };
}

function fetchPromptThrough(transport: Transport, at: (name: string) => string) {
  /** One version: by number, by label, or the latest. With `ifNoneMatch`, null when that is what it still is. */
  async function fetchPrompt(name: string, which: Which & { ifNoneMatch: string }): Promise<FetchedPrompt | null>;
  async function fetchPrompt(name: string, which?: Which): Promise<FetchedPrompt>;
  async function fetchPrompt(name: string, which: Which & { ifNoneMatch?: string } = {}) {
    const { ifNoneMatch, ...query } = which;
    const { status, headers, body } = await transport.answer<Prompt>({
      method: "GET",
      path: at(name),
      query: { ...query, ...transport.project },
      ...(ifNoneMatch === undefined ? {} : { headers: { "if-none-match": ifNoneMatch }, accepts: [304] }),
    });
    return status === 304 ? null : { prompt: body, etag: headers.get("etag"), servedFrom: servedFrom(headers) };
  }
  return fetchPrompt;
}

function servedFrom(headers: Headers): ServedFrom {
  return headers.get("x-served-from") === "mirror" ? "mirror" : "database";
}
