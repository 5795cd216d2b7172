/** Which labels of a project not everybody may move. */
import { useMemo } from "react";
import { clientOf, useLoaded } from "../calls.ts";
import { useLookedAgain } from "../looked-again.ts";

/** null: not known yet. */
export function useProtectedLabels(project: string): ReadonlySet<string> | null {
  const loaded = useLoaded(JSON.stringify(["protected", project]), () => clientOf(project).listProtectedLabels());
  const { value, error, loading, reload } = loaded;
  // Who waits for it is told of no failure: it is asked again until it comes.
  useLookedAgain({ loading: loading || error === null, reload });
  return useMemo(() => value && new Set(value.items.map(({ label }) => label)), [value]);
}
