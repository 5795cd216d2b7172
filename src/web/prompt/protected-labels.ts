/** Which labels of a project not everybody may move. */
import { useMemo } from "react";
import { clientOf, useLoaded } from "../calls.ts";

export function useProtectedLabels(project: string): ReadonlySet<string> {
  const { value } = useLoaded(JSON.stringify(["protected", project]), () => clientOf(project).listProtectedLabels());
  return useMemo(() => new Set(value?.items.map(({ label }) => label)), [value]);
}
