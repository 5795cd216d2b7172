/** Tags as one types them: separated by commas, each once, in the order typed. */
export function tagsOf(typed: string): string[] {
  const tags = typed.split(",").map((tag) => tag.trim().normalize("NFC"));
  return [...new Set(tags)].filter(Boolean);
}
