/** How a refusal looks on the terminal: a sentence with its code, what to do, and nothing else. */
import { expect } from "vitest";

/** `words` are in the sentence, in this order. */
export function refusal(code: string, ...words: string[]) {
  const sentence = [...words, `(${code})`].map((word) => word.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")).join("[^\\n]*");
  return expect.stringMatching(new RegExp(`^promptlib: [^\\n]*${sentence}(\\n {11}[^\\n]+)+\\n$`));
}
