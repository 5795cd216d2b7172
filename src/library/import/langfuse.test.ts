import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ACTOR, countRows, openLibrary, type TestLibrary } from "../../../test/support/library.ts";
import type { ImportItem, ImportPiece } from "../../contract/import-shapes.ts";
import { listLabels } from "../labels.ts";
import { protectLabel } from "../protected-labels.ts";
import { importFiles } from "./import.ts";
import { readFiles, rejections } from "./testing/files.ts";

const version = (name: string, number: number, prompt: unknown, more = {}) => ({
  name,
  version: number,
  type: typeof prompt === "string" ? "text" : "chat",
  prompt,
  config: {},
  tags: [],
  labels: [],
  commitMessage: null,
  ...more,
});
const read = async (...versions: unknown[]) =>
  await readFiles("langfuse", { "x.json": JSON.stringify(versions, null, 1) });

describe("an export of Langfuse", () => {
  it("is read version by version, the first of each prompt first, each with its line", async () => {
    const chat = [
      { role: "system", content: "Hi {{name}} ä😀", type: "chatmessage" },
      { type: "placeholder", name: "history" },
    ];
    const answers = await read(
      version("team/B", 3, chat, { config: { model: "gpt" }, tags: ["b", "a"], labels: ["production", "latest"] }),
      version("A", 1, "one"),
      version("team/B", 1, [{ role: "user", content: "x" }], { commitMessage: "Why" }),
    );
    expect(answers.map(({ name }) => name)).toEqual(["A", "team/B", "team/B"]);
    expect(answers[1]).toMatchObject({ message: "Why", messages: [{ role: "user", content: "x" }] });
    expect(answers[2]).toMatchObject({
      line: 2,
      messages: [{ role: "system", content: "Hi {{name}} ä😀" }, { placeholder: "history" }],
      config: { model: "gpt" },
      tags: ["a", "b"],
      labels: ["production"],
      message: "imported from x.json",
      template: "mustache",
    });
    expect(answers[0]?.line).toBeGreaterThan(10);
  });

  it("with what cannot be said here keeps it as it is, or leaves it out, and says so", async () => {
    const answers = await read(
      version("a", 1, "{{#x}}", { labels: ["_odd", "fine"] }),
      version("b", 1, "@@@langfusePrompt:name=a|version=1@@@"),
    );
    expect(answers[0]).toMatchObject({
      template: "none",
      labels: ["fine"],
      notes: [
        'kept as it is, without variables: line 1: the section "x" is never closed',
        "labels that cannot be were left out: _odd",
      ],
    });
    expect(answers[1]?.notes).toEqual(["it refers to another prompt by @@@…@@@: kept as text"]);
  });

  it("with more than fits, or what is none, keeps what fits, and says what it left out", async () => {
    const labels = Array.from({ length: 22 }, (_, at) => `l${at}`);
    const [many, none] = await read(
      version("many", 1, "x", {
        labels: [...labels, "latest", 7],
        tags: ["t".repeat(65)],
        commitMessage: "y".repeat(2001),
      }),
      version("none", 1, "x", { labels: "production", tags: { a: 1 }, commitMessage: ["z"], config: ["sk-123"] }),
    );
    expect(many).toMatchObject({ labels: labels.slice(0, 20), tags: [], message: "y".repeat(2000) });
    expect(many?.notes).toEqual([
      "labels that cannot be were left out: 7",
      "labels beyond the first 20 were left out: l20, l21",
      `tags that cannot be were left out: ${"t".repeat(65)}`,
      "the message of the version was cut at 2000 characters",
    ]);
    expect(none).toMatchObject({ labels: [], config: {}, message: "imported from x.json" });
    expect(none?.notes).toEqual([
      "labels that are no list were left out: production",
      'tags that are no list were left out: {"a":1}',
      "the message of the version is no text, and was left out",
      "the config is no object, and was left out",
    ]);
  });

  it("with a key of a provider in it leaves the key out", async () => {
    const config = { model: "gpt", connection: { apiKey: "sk-123" } };
    const [kept] = await read(version("a", 1, "x", { config }));
    expect(kept).toMatchObject({
      config: { model: "gpt", connection: {} },
      notes: ["connection.apiKey was left out: it looks like a secret"],
    });
    expect(JSON.stringify(kept)).not.toContain("sk-123");
  });

  it("rejects what is wrong, with its line, and reads the rest", async () => {
    const bad = [
      version("", 1, "x"),
      version("a", 1, ""),
      version("b", 1, 7),
      version("c", 1, []),
      version("d", 1, [{ role: "narrator", content: "x" }]),
      version("e", 1, [{ role: "user" }]),
      "x",
    ];
    const text = `[\n${[...bad, version("fine", 1, 'a "]" \\ b')].map((each) => JSON.stringify(each)).join(",\n")}\n]`;
    const answers = await readFiles("langfuse", { "x.json": text });
    expect(rejections(answers).sort()).toEqual([
      "x.json:2: the name is empty",
      "x.json:3: the prompt is empty",
      "x.json:4: the field prompt holds neither a text nor a list of messages",
      "x.json:5: there are no messages",
      'x.json:6: message 1 has the role "narrator"; there are system, developer, user, assistant, tool',
      "x.json:7: message 1 has no text",
      "x.json:8: the name is empty",
    ]);
    expect(answers.find(({ name }) => name === "fine")).toMatchObject({ line: 9, text: 'a "]" \\ b' });
    expect(rejections(await readFiles("langfuse", { "x.json": "{}", "y.json": "[1,", "z.json": "[]" }))).toEqual([
      "x.json:1: the file is no list of prompts",
      "y.json:1: the file is not valid JSON: unexpected end of JSON input",
    ]);
  });
});

describe("the versions of an export", () => {
  let library: TestLibrary;
  beforeEach(async () => {
    library = await openLibrary();
  });
  afterEach(() => library.close());

  async function run(versions: unknown[], dryRun = false): Promise<string[]> {
    async function* pieces(): AsyncGenerator<ImportPiece> {
      yield { path: "x.json", content: JSON.stringify(versions) };
    }
    const options = { format: "langfuse" as const, dryRun, prune: false };
    const items: ImportItem[] = [];
    for await (const line of importFiles(library.database, library.project, ACTOR, pieces(), options)) {
      if (!("summary" in line)) items.push(line);
    }
    return items.map(({ name, result, version: number }) => `${name} ${result} ${number}`);
  }
  const labels = async (of = "a") =>
    (await listLabels(library.database.reads, library.project, of)).items.map(
      ({ label, version: at }) => `${label} ${at}`,
    );
  const history = [
    version("a", 2, "one"),
    version("a", 5, "two", { labels: ["production"] }),
    version("a", 6, "one"),
    version("b", 1, "b"),
  ];

  it("become versions in their order, with labels; dry says the same, and again it changes nothing", async () => {
    const wanted = ["b created 1", "a created 1", "a updated 2", "a updated 3"];
    expect(await run(history, true)).toEqual(wanted);
    expect(await countRows(library, "versions")).toBe(0);
    expect(await run(history)).toEqual(wanted);
    expect(await labels()).toContain("production 2");
    const again = ["b unchanged 1", "a unchanged 1", "a unchanged 2", "a unchanged 3"];
    const audit = await countRows(library, "audit_log");
    for (const dryRun of [true, false]) expect(await run(history, dryRun)).toEqual(again);
    expect(await countRows(library, "audit_log")).toBe(audit);
  });

  it("that came later are put on top of what was saved here in between", async () => {
    await run(history);
    await library.save({ name: "a", text: "by hand", labels: ["production"] });
    const later = [...history, version("a", 7, "seven"), version("a", 8, "eight")];
    const wanted = ["b unchanged 1", "a unchanged 1", "a unchanged 2", "a unchanged 3", "a updated 5", "a updated 6"];
    for (const dryRun of [true, false]) expect(await run(later, dryRun)).toEqual(wanted);
    expect(await labels()).toContain("production 4");
    expect(await run(later)).toEqual(wanted.map((line) => line.replace("updated", "unchanged")));
  });

  it("of a prompt that was here before follow its own", async () => {
    await library.save({ name: "a", text: "by hand" });
    expect(await run(history)).toEqual(["b created 1", "a updated 2", "a updated 3", "a updated 4"]);
    expect(await run(history)).toEqual(["b unchanged 1", "a unchanged 2", "a unchanged 3", "a unchanged 4"]);
  });

  it("with a label that may not be moved are rejected whole; what comes behind them is saved, now and later", async () => {
    const admin = { ...ACTOR, protectedLabels: "all" } as const;
    await library.save({ name: "a", text: "by hand", labels: ["staging"] });
    await protectLabel(library.database, library.project, admin, "production");
    const labelled = { labels: ["staging", "production"] };
    const refused = [version("a", 1, "x", labelled), version("b", 1, "x", labelled)];
    const wanted = ["a rejected null", "b rejected null", "a updated 2", "b created 1", "b rejected null"];
    const all = [...refused, version("a", 2, "y"), version("b", 2, "y"), version("b", 3, "z", labelled)];
    for (const dryRun of [true, false]) expect(await run(all, dryRun)).toEqual(wanted);
    expect([await labels("a"), await labels("b")]).toEqual([["staging 1"], []]);
    expect(await countRows(library, "versions")).toBe(3);
    expect(await library.save({ name: "a", text: "by hand again" })).toMatchObject({ version: 3 });
    expect(await library.save({ name: "b", text: "by hand" })).toMatchObject({ version: 2 });
  });

  it("of another type than those before are rejected, in a dry run too", async () => {
    const both = [version("a", 1, "x"), version("a", 2, [{ role: "user", content: "x" }])];
    for (const dryRun of [true, false]) expect(await run(both, dryRun)).toEqual(["a created 1", "a rejected null"]);
  });
});
