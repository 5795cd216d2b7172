/** Where two texts differ, roughly: what they have in common at both ends is left out. Lines, from 0. */
export function changedLines(one: string, other: string): { one: [number, number]; other: [number, number] } {
  const [a, b] = [one.split("\n"), other.split("\n")];
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end += 1;
  return { one: [start, a.length - end], other: [start, b.length - end] };
}
