/** What a User-Agent header says, in the few words by which a person tells the own sessions apart. */

/** The first that is found counts: most claim to be several others as well. */
const programs: readonly [name: string, mark: RegExp][] = [
  ["Edge", /\bEdg(?:e|A|iOS)?\//],
  ["Opera", /\bOPR\//],
  ["Firefox", /\b(?:Firefox|FxiOS)\//],
  ["Chrome", /\b(?:Chrome|CriOS)\//],
  ["Safari", /\bVersion\/\S+ (?:\S+ )?Safari\//],
  ["curl", /^curl\//],
  ["Node.js", /^node\b/],
];
const systems: readonly [name: string, mark: RegExp][] = [
  ["iOS", /\b(?:iPhone|iPad|iPod)\b/],
  ["Android", /\bAndroid\b/],
  ["Windows", /\bWindows\b/],
  ["macOS", /\bMac OS X\b/],
  ["ChromeOS", /\bCrOS\b/],
  ["Linux", /\bLinux\b/],
];

/** `Firefox on Linux`; of an unknown program the name it begins with; null where it says nothing. */
export function browserOf(userAgent: string | null): string | null {
  if (!userAgent) return null;
  const found = (list: typeof programs) => list.find(([, mark]) => mark.test(userAgent))?.[0];
  const program = found(programs) ?? /^([\w.-]{1,32})/.exec(userAgent)?.[1];
  const system = found(systems);
  return program ? [program, ...(system ? [system] : [])].join(" on ") : null;
}
