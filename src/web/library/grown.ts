/** A list as far as it was loaded, and how a newer state of it takes its place. Pure. */
import type { FoundPrompt, PromptPage } from "../../sdk/index.ts";

export interface Grown {
  items: readonly FoundPrompt[];
  /** null: that was the last page. */
  cursor: string | null | undefined;
  total: number;
  totalIsExact: boolean;
  /** Words that occur nowhere, and those that were looked for instead. */
  corrected: NonNullable<PromptPage["corrected"]>;
}

export const NOTHING: Grown = { items: [], cursor: undefined, total: 0, totalIsExact: true, corrected: [] };

export function isSameOrder({ items }: Grown, { items: fresh }: Grown): boolean {
  return items.length === fresh.length && items.every(({ name }, index) => fresh[index]?.name === name);
}

/** What each row says now, where it was; what is not in the newer state stays as it was known. */
export function inPlace(present: Grown, { items: fresh }: Grown): Grown {
  const byName = new Map(fresh.map((prompt) => [prompt.name, prompt]));
  return { ...present, items: present.items.map((prompt) => byName.get(prompt.name) ?? prompt) };
}
