/** Prompts that an include could mean, by what is written of its name. */
import { useEffect, useState } from "react";
import { clientOf, noteFailure } from "../calls.ts";

const TYPING_MS = 120;

/** `begun` null: nothing is being included. */
export function useIncludable(project: string, begun: string | null): readonly string[] {
  const [names, setNames] = useState<readonly string[]>([]);
  useEffect(() => {
    if (begun === null) return setNames([]);
    let over = false;
    const look = async () => {
      try {
        const wanted = begun.trim() === "" ? {} : { search: begun, in: "names" as const };
        const { items } = await clientOf(project).listPrompts({ ...wanted, type: "text", limit: 20 });
        if (!over) setNames(items.map(({ name }) => name));
      } catch (error) {
        noteFailure(error);
      }
    };
    const timer = setTimeout(look, TYPING_MS);
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [project, begun]);
  return names;
}
