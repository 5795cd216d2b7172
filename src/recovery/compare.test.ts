import { describe, expect, it } from "vitest";
import { compareFigures } from "./compare.ts";
import type { AttestedDatabase } from "./layout.ts";

const HASH = "00ff".repeat(28);
const attested: AttestedDatabase = {
  name: "promptlib",
  tables: [
    { name: "public.prompts", rows: "2", hash: HASH },
    { name: "public.versions", rows: "3", hash: HASH },
  ],
  sequences: [{ name: "public.ids", value: "9007199254740993" }],
  notCompared: [
    "the catalog: definitions, roles and rights",
    "public.cache: unlogged, and so empty after every restore",
  ],
};

function kinds(change: Partial<AttestedDatabase>): string[] {
  return compareFigures([attested], [{ ...attested, ...change }]).map(({ kind, name }) => `${kind} ${name}`);
}

describe("a restored database", () => {
  it("with the same figures is the same, in whatever order they come", () => {
    expect(kinds({ tables: attested.tables.toReversed() })).toEqual([]);
  });

  it("that is not there is told as a whole", () => {
    expect(compareFigures([attested], [])).toMatchObject([{ kind: "missing", database: "promptlib", name: null }]);
  });

  it("with other databases beside it is not judged by them", () => {
    expect(compareFigures([attested], [{ ...attested, name: "postgres", tables: [] }, attested])).toEqual([]);
  });
});

describe("a table", () => {
  const [prompts, versions] = attested.tables;
  if (!prompts || !versions) throw new Error("two tables");

  it("that is missing, or is not the one that was attested, is told", () => {
    expect(kinds({ tables: [prompts] })).toEqual(["missing public.versions"]);
    expect(kinds({ tables: [prompts, versions, { ...versions, name: "public.new" }] })).toEqual(["added public.new"]);
  });

  it("with as many rows and another hash is told, and with more rows by their number", () => {
    expect(kinds({ tables: [prompts, { ...versions, hash: HASH.replace("f", "e") }] })).toEqual([
      "content public.versions",
    ]);
    expect(compareFigures([attested], [{ ...attested, tables: [prompts, { ...versions, rows: "30" }] }])).toEqual([
      {
        kind: "rows",
        database: "promptlib",
        name: "public.versions",
        attested: "3",
        restored: "30",
        sentence: "public.versions (database promptlib) has 30 rows instead of 3.",
      },
    ]);
  });

  it("that was not compared at the point is no difference, and one that can no longer be read is", () => {
    expect(kinds({ tables: [...attested.tables, { name: "public.cache", rows: "0", hash: HASH }] })).toEqual([]);
    expect(kinds({ tables: [prompts], notCompared: ["public.versions: this login may not read it"] })).toEqual([
      "unreadable public.versions",
    ]);
  });
});

describe("a sequence", () => {
  it("may have skipped numbers, and must not hand out one again, however large", () => {
    expect(kinds({ sequences: [{ name: "public.ids", value: "9007199254741025" }] })).toEqual([]);
    expect(kinds({ sequences: [{ name: "public.ids", value: "9007199254740992" }] })).toEqual(["behind public.ids"]);
    expect(kinds({ sequences: [] })).toEqual(["missing public.ids"]);
  });

  it("that came after the figures were taken is no difference", () => {
    expect(kinds({ sequences: [...attested.sequences, { name: "public.later", value: "0" }] })).toEqual([]);
  });
});
