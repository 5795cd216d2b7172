/** Which labels of a project not everybody may move. */
import { useMemo } from "react";
import { clientOf, useLoaded } from "../calls.ts";

/** null: not known yet. */
export function useProtectedLabels(project: string): ReadonlySet<string> | null {
  const { value } = useLoaded(JSON.stringify(["protected", project]), () => clientOf(project).listProtectedLabels());
  return useMemo(() => value && new Set(value.items.map(({ label }) => label)), [value]);
}
