import type { VersionDiff } from "../contract/diff.ts";
import type { FolderCount, LabelCount, TagCount } from "../contract/search.ts";
import type { List } from "../contract/shapes.ts";
import { promptPath } from "./path.ts";
import type { PageOptions } from "./prompts.ts";
import { type ServedFrom, servedFrom, type Transport } from "./transport.ts";

export type Served<T> = T & { servedFrom: ServedFrom };
export interface DiffSides {
  /** A label, or a number for a version; the version before `to` when left out. */
  from?: string;
  /** Latest when left out. */
  to?: string;
}
export interface DiffAnswer {
  diff: VersionDiff;
  servedFrom: ServedFrom;
}

/** Folders, tags, labels, and what differs between two versions. What is looked for in prompts: `listPrompts`. */
export function searchCalls({ answer, project }: Transport) {
  async function served<T>(path: string, query: object): Promise<Served<List<T>>> {
    const { body, headers } = await answer<List<T>>({ method: "GET", path, query: { ...query, ...project } });
    return { ...body, servedFrom: servedFrom(headers) };
  }

  return {
    /** The folders directly in one, or at the top, with how many prompts are below each. */
    listFolders: (options: PageOptions & { folder?: string } = {}) => served<FolderCount>("/api/folders", options),
    /** With how many prompts have each. */
    listTags: (page: PageOptions = {}) => served<TagCount>("/api/tags", page),
    /** Those of the whole project, with how many prompts have each; `latest`, which all have, is left out. */
    listUsedLabels: (page: PageOptions = {}) => served<LabelCount>("/api/labels", page),
    /** What differs between two versions, worked out by the server. */
    async diffVersions(name: string, sides: DiffSides = {}): Promise<DiffAnswer> {
      const path = promptPath(name, "/diff");
      const { body, headers } = await answer<VersionDiff>({ method: "GET", path, query: { ...sides, ...project } });
      return { diff: body, servedFrom: servedFrom(headers) };
    },
  };
}
