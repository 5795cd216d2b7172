/** What an application loads with the client, as it is bundled for a page. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

/** `import type` and `export type` are gone when it runs. */
const IMPORT = /^(?:import|export)(?! type)[^;]*?from "([^"]+)";/gms;

function loadedFrom(entry: URL): { files: URL[]; packages: Set<string> } {
  const files = [entry];
  const packages = new Set<string>();
  // The list grows while it is gone through.
  for (const file of files) {
    for (const [, from = ""] of readFileSync(file, "utf8").matchAll(IMPORT)) {
      const next = new URL(from, file);
      if (!from.startsWith(".")) packages.add(from);
      else if (!files.some(({ href }) => href === next.href)) files.push(next);
    }
  }
  return { files, packages };
}

it("the client brings along no package, none of the shapes that the server checks with, and is small", () => {
  const { files, packages } = loadedFrom(new URL("index.ts", import.meta.url));
  expect([...packages]).toEqual([]);
  expect(files.map(({ pathname }) => pathname).filter((path) => path.endsWith("/contract/shapes.ts"))).toEqual([]);
  const bytes = files.reduce((sum, file) => sum + readFileSync(file).length, 0);
  expect(bytes).toBeLessThan(160 * 1024);
});
