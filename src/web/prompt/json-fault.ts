/** Where JSON is wrong, in words, as far as the browser tells. */
export function jsonFault(text: string): string | null {
  try {
    JSON.parse(text);
    return null;
  } catch (error) {
    const said = error instanceof Error ? error.message : "";
    const place = placeIn(said, text);
    const what = said
      .replace(/^JSON\.parse: /, "")
      .replace(/,? (in JSON )?at (position|line) .*$/, "")
      .replace(/, "[\s\S]*$/, "");
    return place === null ? what : `line ${place.line}, column ${place.column}: ${what}`;
  }
}

/** Browsers say it each in their own way: by line, by position, or at the end of what there is. */
function placeIn(said: string, text: string): { line: number; column: number } | null {
  const [, line, column] = /line (\d+) column (\d+)/.exec(said) ?? [];
  if (line && column) return { line: Number(line), column: Number(column) };
  const position = /position (\d+)/.exec(said)?.[1] ?? (/end of/i.test(said) ? text.length : null);
  if (position === null) return null;
  const before = text.slice(0, Number(position)).split("\n");
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
