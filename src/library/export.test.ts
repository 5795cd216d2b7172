import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ACTOR, countRows, openLibrary, type TestLibrary } from "../../test/support/library.ts";
import { type ExportLine, exportLine } from "../contract/export.ts";
import type { ImportItem, ImportPiece } from "../contract/import-shapes.ts";
import { exportPrompts } from "./export.ts";
import { importFiles } from "./import/import.ts";
import { moveLabel, removeLabel } from "./labels.ts";
import { listPrompts, listTrash } from "./list.ts";
import { trashPrompt } from "./trash.ts";

let from: TestLibrary;
let into: TestLibrary;
beforeEach(async () => {
  [from, into] = await Promise.all([openLibrary(), openLibrary()]);
});
afterEach(async () => {
  await Promise.all([from.close(), into.close()]);
});

async function exported({ database, project }: TestLibrary): Promise<string> {
  const lines: string[] = [];
  for await (const line of exportPrompts(database, project)) lines.push(`${JSON.stringify(line)}\n`);
  return lines.join("");
}

async function putBack(library: TestLibrary, text: string | Uint8Array, { dryRun = false, size = 10_000 } = {}) {
  const bytes = Buffer.from(text);
  async function* pieces(): AsyncGenerator<ImportPiece> {
    for (let at = 0; at < bytes.length; at += size) {
      yield { path: "x.ndjson", content: bytes.subarray(at, at + size).toString("base64"), encoding: "base64" };
    }
  }
  const items: ImportItem[] = [];
  const options = { format: "promptlib" as const, dryRun, prune: false };
  const { database, project } = library;
  const other = { ...ACTOR, name: "user:grace" };
  for await (const line of importFiles(database, project, other, pieces(), options)) {
    if (!("summary" in line)) items.push(line);
  }
  return items;
}

const told = (items: readonly ImportItem[]) => items.map(({ line, name, reason }) => `${line} ${name}: ${reason}`);

/** Everything that a library can hold. */
async function fill({ database, project, save }: TestLibrary): Promise<void> {
  await save({
    name: "mail/Grüße 😀",
    text: "Hi {{name}}\r\n",
    tags: ["b", "a"],
    description: "Für alle",
    labels: ["production"],
  });
  for (let at = 2; at <= 25; at += 1)
    await save({ name: "mail/Grüße 😀", text: `version ${at}`, message: `why ${at}` });
  await moveLabel(database, project, ACTOR, "mail/Grüße 😀", "production", 7);
  await moveLabel(database, project, ACTOR, "mail/Grüße 😀", "staging", 3);
  await removeLabel(database, project, ACTOR, "mail/Grüße 😀", "staging");
  await save({
    name: "Chat",
    messages: [{ role: "system", content: "a\u2028b" }, { placeholder: "history" }],
    config: { z: 1, a: { "2": [null, 1e21, -0.5, "\u0001"] } },
    variables: { history: { type: "messages" }, x: { default: { b: 1, a: 2 } } },
  });
  await save({ name: "verbatim", text: "{{oops", template: "none" });
  for (const text of ["first", "second"]) {
    await save({ name: "gone", text });
    await trashPrompt(database, project, ACTOR, "gone");
  }
  await save({ name: "gone", text: "third" });
}

describe("an export", () => {
  it("that is put into an empty library makes one whose export is the same, to the byte", async () => {
    await fill(from);
    const text = await exported(from);
    expect((await putBack(into, text)).map(({ result }) => result)).toEqual(Array(6).fill("created"));
    expect(await exported(into)).toBe(text);
    const list = async ({ database, project }: TestLibrary) =>
      (await listPrompts(database.reads, project, {})).items.map(({ project: _, ...rest }) => rest);
    expect(await list(into)).toEqual(await list(from));
    const trash = await listTrash(into.database.reads, into.project, { limit: 9, cursor: null });
    expect(trash.items.map(({ name }) => name)).toEqual(["gone", "gone"]);
  });

  it("of an empty library is a beginning and an end", async () => {
    expect(await exported(from)).toBe('{"promptlibExport":1}\n{"end":{"prompts":0,"versions":0}}\n');
    expect(await putBack(into, await exported(from))).toEqual([]);
  });

  it("has lines of the shape that is promised", async () => {
    await fill(from);
    for (const line of (await exported(from)).trim().split("\n")) exportLine.parse(JSON.parse(line));
  });

  it("shows one moment: what is saved while it is read is not in it", async () => {
    await fill(from);
    const text = await exported(from);
    const lines: ExportLine[] = [];
    for await (const line of exportPrompts(from.database, from.project)) {
      lines.push(line);
      if (lines.length === 3) {
        await from.save({ name: "zzz", text: "late" });
        await from.save({ name: "verbatim", text: "late" });
        await trashPrompt(from.database, from.project, ACTOR, "mail/Grüße 😀");
      }
    }
    expect(lines.map((line) => `${JSON.stringify(line)}\n`).join("")).toBe(text);
  });

  it("that nobody reads to its end gives its connection back", async () => {
    await fill(from);
    for (let at = 0; at < 15; at += 1) {
      for await (const _ of exportPrompts(from.database, from.project)) break;
    }
    expect((await exported(from)).length).toBeGreaterThan(1000);
  });
});

describe("an export that comes back", () => {
  it("a second time changes nothing; dry it changes nothing at all", async () => {
    await fill(from);
    const text = await exported(from);
    expect((await putBack(into, text, { dryRun: true })).map(({ result }) => result)).toEqual(Array(6).fill("created"));
    expect(await countRows(into, "prompts")).toBe(0);
    await putBack(into, text, { size: 7 });
    const audit = await countRows(into, "audit_log");
    expect((await putBack(into, text)).map(({ result }) => result)).toEqual(Array(6).fill("unchanged"));
    expect(await countRows(into, "audit_log")).toBe(audit);
    expect(await exported(into)).toBe(text);
  });

  it("does not touch a prompt that has one of its names", async () => {
    await fill(from);
    await into.save({ name: "Chat", text: "mine" });
    const items = await putBack(into, await exported(from));
    expect(told(items.filter(({ result }) => result === "rejected"))).toEqual([
      '2 Chat: there is a prompt named "Chat" already; put an export into a project that has none of its names',
    ]);
    expect(items.filter(({ result }) => result === "created")).toHaveLength(5);
  });

  it("goes on being used: the next version and label are put on top", async () => {
    await fill(from);
    await putBack(into, await exported(from));
    expect(await into.save({ name: "mail/Grüße 😀", text: "next" })).toMatchObject({ version: 26 });
    await moveLabel(into.database, into.project, ACTOR, "mail/Grüße 😀", "production", 26);
  });

  it("and is broken costs only what is broken, and says where", async () => {
    await from.save({ name: "a", text: "1" });
    await from.save({ name: "a", text: "2" });
    await from.save({ name: "b", text: "1", labels: ["x"] });
    const lines = (await exported(from)).trim().split("\n");
    const broken = async (change: (lines: string[]) => string[]) => {
      const items = await putBack(into, `${change([...lines]).join("\n")}\n`, { dryRun: true });
      return told(items.filter(({ result }) => result === "rejected"));
    };
    const replaced = (at: number, what: string | RegExp, by: string) => (all: string[]) =>
      all.map((line, index) => (index === at ? line.replace(what, by) : line));
    expect(await broken((all) => all)).toEqual([]);
    expect(await broken((all) => all.slice(1))).toEqual([
      "1 null: the file is no export of Prompt Library, or of a newer one",
    ]);
    expect(await broken((all) => all.slice(0, -1))).toEqual([
      "1 null: the export is cut off: its last line is missing",
    ]);
    expect(await broken((all) => all.slice(0, 3))).toEqual([
      "2 a: the file ends in the middle of it",
      "1 null: the export is cut off: its last line is missing",
    ]);
    expect(await broken((all) => all.toSpliced(4, 2))).toEqual([
      "5 null: the export is not whole: it had more prompts or versions when it was made",
    ]);
    expect(await broken(replaced(2, '"1"', '"changed"'))).toEqual([
      "2 a: version 1 is not what it was when it was saved: its hash differs",
    ]);
    expect((await broken(replaced(2, /.*/, "{nonsense")))[0]).toBe("3 a: the line is not valid JSON");
    expect((await broken(replaced(1, '"createdAt":"2', '"createdAt":"x2')))[0]).toContain(
      "2 null: the prompt is not as an export has it: createdAt",
    );
    expect(await broken(replaced(1, '"name":"a"', '"name":".."'))).toEqual([
      '2 ..: the name has the part "..", which means a folder elsewhere',
    ]);
    expect(await broken(replaced(4, /"label":"x","version":1/, '"label":"x","version":9'))).toEqual([
      "5 b: a label is on version 9, which it does not have",
    ]);
    expect(await broken(replaced(1, '"type":"text"', '"type":"chat"'))).toEqual([
      "2 a: version 1 does not have what a chat prompt has",
    ]);
    expect((await broken((all) => [...all.slice(0, 2), "x".repeat(17 * 1024 * 1024), ...all.slice(3)]))[0]).toBe(
      "3 a: the line is longer than 16 MiB",
    );
  });
});
