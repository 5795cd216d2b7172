/** Narrowing what is loaded by what is typed: each word somewhere in name, description or tags. */
import type { PromptSummary } from "../../sdk/index.ts";

type Narrowed = Pick<PromptSummary, "name" | "description" | "tags">;

export function narrow<T extends Narrowed>(prompts: readonly T[], typed: string): readonly T[] {
  const words = typed.normalize("NFC").toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return prompts;
  return prompts.filter(({ name, description, tags }) => {
    const text = `${name}\n${description}\n${tags.join("\n")}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
