import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { faultsOf, rooms, type Source, sourcesBelow } from "./architecture/rules.ts";

const src = fileURLToPath(new URL("../src", import.meta.url));

/** A planted tree: paths below src/ and what they hold. */
function tree(files: Record<string, string>): Source[] {
  return Object.entries(files).map(([path, text]) => ({ path, text }));
}

describe("the sources", () => {
  it("keep to the arrows between rooms, have no cycle, no `any` and no file that is two", () => {
    expect(faultsOf(sourcesBelow(src))).toEqual([]);
  });

  it("are all read: every room of the table is there, and the server's conductor among them", () => {
    const found = new Set(sourcesBelow(src).map(({ path }) => path.split("/")[0]));
    expect([...found].sort()).toEqual(Object.keys(rooms).sort());
    expect(sourcesBelow(src).map(({ path }) => path)).toContain("server/app.ts");
  });

  it("only import downwards: no room of the table may import its own floor or a higher one", () => {
    for (const [name, room] of Object.entries(rooms)) {
      for (const other of room.mayImport) expect(rooms[other]?.floor, `${name} → ${other}`).toBeLessThan(room.floor);
    }
  });
});

describe("a planted import against the arrows", () => {
  const library = "library/save.ts";
  const forms: Record<string, string> = {
    static: `import { save } from "../library/save.ts";`,
    "for its effect": `import "../library/save.ts";`,
    "over several lines": `import {\n  save,\n  type Saved,\n} from "../library/save.ts";`,
    "of a type": `import type { Saved } from "../library/save.ts";`,
    "with a name of its own": `import * as saving from '../library/save.ts';`,
    "that is exported on": `export { save } from "../library/save.ts";`,
    "exported on as a whole": `export * from "../library/save.ts";`,
    dynamic: `const { save } = await import("../library/save.ts");`,
    "of a type in place": `export type Saved = import("../library/save.ts").Saved;`,
    "with attributes": `import data from "../library/save.ts" with { type: "json" };`,
    "after a template that speaks of one": "const a = `import ${ `x${1}` } from`; import '../library/save.ts';",
    "after a regular expression with quotes": `const a = /["'\`]/.test(b); import "../library/save.ts";`,
    "after a division": `const a = (b) / 2; const c = "/"; import "../library/save.ts";`,
  };
  for (const [how, text] of Object.entries(forms)) {
    it(`is found: ${how}`, () => {
      const faults = faultsOf(tree({ [library]: "export {};", "cli/push.ts": text }));
      expect(faults).toHaveLength(1);
      expect(faults[0]).toMatch(
        /^src\/cli\/push\.ts:\d+ .*cli ↛ library\. cli\/ may import .*because everything about/,
      );
    });
  }

  it("is found among the tags of a page, and not in its words", () => {
    const page = `import { useId } from "react";\nexport const Page = () => (\n  <p>\n    words from “elsewhere”{" "}\n    <b title="x">/</b>\n    <br />\n  </p>\n);\nimport "../library/save.ts";`;
    const faults = faultsOf(tree({ [library]: "export {};", "web/page.tsx": page }));
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(/^src\/web\/page\.tsx:9 .*web ↛ library\. .*because pages stand on the client/);
  });

  it("is not found in a comment or in a text", () => {
    const text = `// import "../library/save.ts";\n/* import("../library/save.ts") */\nconst a = 'import "../library/save.ts"';`;
    expect(faultsOf(tree({ [library]: "export {};", "cli/push.ts": text }))).toEqual([]);
  });

  it("cannot hide behind a computed name", () => {
    const faults = faultsOf(tree({ "cli/push.ts": "export const load = (name: string) => import(`../${name}.ts`);" }));
    expect(faults[0]).toContain("import(…) of something that is no plain string");
  });

  it("cannot hide in a file that cannot be read", () => {
    expect(faultsOf(tree({ "cli/push.ts": 'const a = "unclosed;\n' }))[0]).toContain("a string is not closed");
  });
});

describe("a planted tree", () => {
  const cases: Record<string, [Record<string, string>, RegExp]> = {
    "with Node in a room for browsers": [
      { "prompt/names.ts": `import { readFileSync } from "node:fs";` },
      /prompt\/ runs in browsers, too, where there is no Node/,
    ],
    "with Node by its old name": [{ "sdk/client.ts": `import fs from "fs/promises";` }, /where there is no Node/],
    "with an unknown package in a room for browsers": [
      { "contract/shapes.ts": `import type pg from "pg";` },
      /check that this package does/,
    ],
    "with a room that nobody entered": [
      { "helpers/all.ts": `import "../base/a.ts";`, "base/a.ts": "" },
      /enter src\/helpers in/,
    ],
    "that reaches outside of src": [{ "base/a.ts": `import "../../test/support/cluster.ts";` }, /outside of src/],
    "that imports what is not there": [{ "base/a.ts": `import "./b.js";` }, /there is no such source/],
    "with a cycle of two": [
      { "base/a.ts": `import "./b.ts";`, "base/b.ts": `import "./a.ts";` },
      /^cycle: src\/base\/a\.ts → src\/base\/b\.ts → src\/base\/a\.ts$/,
    ],
    "with a cycle of types over three files": [
      {
        "base/a.ts": `import type { B } from "./b.ts";`,
        "base/b.ts": `export type B = import("./c.ts").C;`,
        "base/c.ts": `export type { A as C } from "./a.ts";`,
      },
      /^cycle: .*a\.ts → .*b\.ts → .*c\.ts → .*a\.ts$/,
    ],
    "with a file that imports itself": [{ "base/a.ts": `import "./a.ts";` }, /^cycle: src\/base\/a\.ts → src\/base\/a/],
    "with any": [{ "base/a.ts": "export function f(value: any) {}" }, /a\.ts:1 says `any`/],
    "with any behind `as`": [{ "base/a.ts": "\nexport const b = c as any;" }, /a\.ts:2 says `any`/],
    "with a file that is too long": [{ "base/a.ts": `${"\n".repeat(300)}export {};` }, /has 301 lines/],
  };
  for (const [what, [files, fault]] of Object.entries(cases)) {
    it(`${what} is refused`, () => {
      const faults = faultsOf(tree(files));
      expect(faults).toHaveLength(1);
      expect(faults[0]).toMatch(fault);
    });
  }

  it("whose names only look like it is not refused", () => {
    const text = `export class A { #any = Promise.any([]); from = Array.from("b"); }\nexport const url = import.meta.url;`;
    expect(faultsOf(tree({ "base/a.ts": text }))).toEqual([]);
  });
});
