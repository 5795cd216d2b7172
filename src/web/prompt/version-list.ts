/** The versions of a prompt, as far back as one asks. */
import { useCallback, useEffect, useState } from "react";
import type { List, VersionSummary } from "../../sdk/index.ts";
import { clientOf, type Loaded, useLoaded } from "../calls.ts";

/** As many as the server gives at once. */
const PAGE = 200;

export interface LoadedVersions extends Loaded<List<VersionSummary>> {
  older(): void;
}

export function useVersions(project: string, name: string): LoadedVersions {
  const [pages, setPages] = useState(1);
  const loaded = useLoaded(JSON.stringify(["versions", project, name]), () => newest(project, name, pages * PAGE));
  const { reload } = loaded;
  useEffect(() => {
    if (pages > 1) reload();
  }, [pages, reload]);
  return { ...loaded, older: useCallback(() => setPages((last) => last + 1), []) };
}

async function newest(project: string, name: string, wanted: number): Promise<List<VersionSummary>> {
  const client = clientOf(project);
  let list = await client.listVersions(name, { limit: PAGE });
  while (list.nextCursor !== null && list.items.length < wanted) {
    const more = await client.listVersions(name, { limit: PAGE, cursor: list.nextCursor });
    list = { ...more, items: [...list.items, ...more.items] };
  }
  return list;
}
