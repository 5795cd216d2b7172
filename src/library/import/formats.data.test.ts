/** Real files of other libraries, where they lie beside the repository; skipped elsewhere. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { ForeignFormat } from "./items.ts";
import { type Files, readFiles, rejections } from "./testing/files.ts";

const data = join(import.meta.dirname, "../../../../shared/data");

async function read(format: ForeignFormat, folder: string, wanted: RegExp) {
  const paths = readdirSync(join(data, folder), { recursive: true, encoding: "utf8" }).filter((path) =>
    wanted.test(path),
  );
  const files: Files = Object.fromEntries(paths.sort().map((path) => [path, readFileSync(join(data, folder, path))]));
  const items = await readFiles(format, files);
  return { items, verbatim: items.filter(({ template }) => template === "none").length, rejected: rejections(items) };
}

describe.skipIf(!existsSync(join(data, "fabric")))("real files", () => {
  it("of fabric are all taken; two hold templates of other programs", async () => {
    const { items, verbatim, rejected } = await read("fabric", "fabric/data/patterns", /\.md$/);
    expect({ count: items.length, verbatim, rejected }).toEqual({ count: 225, verbatim: 2, rejected: [] });
    expect(items.filter(({ messages }) => messages)).toHaveLength(8);
    expect(items.filter(({ notes }) => notes.includes("line ends CRLF became LF"))).toHaveLength(4);
  });

  it("of prompty are all taken; in one roles come to be when it is filled in", async () => {
    const { items, verbatim, rejected } = await read("prompty", "prompty", /\.prompty$/);
    expect({ count: items.length, verbatim, rejected }).toEqual({ count: 91, verbatim: 1, rejected: [] });
  });

  it("of dotprompt are taken but for those that are no YAML", async () => {
    const { items, verbatim, rejected } = await read("dotprompt", "dotprompt", /\.prompt$/);
    expect({ count: items.length, verbatim }).toEqual({ count: 39, verbatim: 18 });
    expect(rejected.map((each) => each.split(":")[0]?.split("/").at(-1)).sort()).toEqual([
      "02-schema-and-config.prompt",
      "02-schema-and-config.prompt",
      "06-partials.prompt",
      "06-partials.prompt",
      "10-kitchen-sink.prompt",
      "10-kitchen-sink.prompt",
      "error-invalid-yaml.prompt",
    ]);
  });
});
