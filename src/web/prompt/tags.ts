/** Tags as one types them: separated by commas, each once, in the order typed. */
export function tagsOf(typed: string): string[] {
  const tags = typed.split(",").map((tag) => tag.trim().normalize("NFC"));
  return [...new Set(tags)].filter(Boolean);
}

export interface Retagging {
  add: readonly string[];
  remove: readonly string[];
}

export function withTags(tags: readonly string[], { add, remove }: Retagging): string[] {
  return [...new Set([...tags.filter((tag) => !remove.includes(tag)), ...add])];
}

/** What makes the one of the other. */
export function retagging(before: readonly string[], after: readonly string[]): Retagging {
  return { add: missingFrom(before, after), remove: missingFrom(after, before) };
}

/** Those of `tags` that are not among `others`. */
function missingFrom(others: readonly string[], tags: readonly string[]): string[] {
  return tags.filter((tag) => !others.includes(tag));
}
