/** The versions of a prompt, as far back as one asks. */
import { useCallback, useEffect, useState } from "react";
import { collectPages, type List, type VersionSummary } from "../../sdk/index.ts";
import { clientOf, type Loaded, useLoaded } from "../calls.ts";

/** As many as the server gives at once. */
const PAGE = 200;

export interface LoadedVersions extends Loaded<List<VersionSummary>> {
  older(): void;
}

export function useVersions(project: string, name: string): LoadedVersions {
  const [pages, setPages] = useState(1);
  const loaded = useLoaded(JSON.stringify(["versions", project, name]), () =>
    collectPages((page) => clientOf(project).listVersions(name, page), pages * PAGE),
  );
  const { reload } = loaded;
  useEffect(() => {
    if (pages > 1) reload();
  }, [pages, reload]);
  return { ...loaded, older: useCallback(() => setPages((last) => last + 1), []) };
}
