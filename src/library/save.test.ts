import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ACTOR, countRows, fuzz, openLibrary, type TestLibrary } from "../../test/support/library.ts";
import { CONTENT_LIMIT, type SavePrompt, savePrompt as shape } from "../contract/shapes.ts";
import { findPrompt, findVersion } from "./find.ts";
import { listVersions } from "./list.ts";
import { ReadyPrompts } from "./ready.ts";
import { renamePrompt } from "./rename.ts";
import { trashPrompt } from "./trash.ts";

let library: TestLibrary;
let number = 0;
const freshName = () => {
  number += 1;
  return `prompt-${number}`;
};

beforeAll(async () => {
  library = await openLibrary();
});
afterAll(() => library.close());

const fetch = async (name: string, selector = {}) => {
  const { bytes } = await new ReadyPrompts(1e6).read(library.database.reads, library.project, name, selector);
  return JSON.parse(bytes.toString());
};
const versionNumbers = async (name: string) => {
  const page = { limit: 200, cursor: null };
  return (await listVersions(library.database.reads, library.project, name, page)).items.map(({ version }) => version);
};

describe("saving", () => {
  it("a first time makes version 1, with labels, tags and author", async () => {
    const name = freshName();
    const saved = await library.save({
      name,
      text: "Hello {{who}}",
      labels: ["production"],
      tags: ["b", "a", "b"],
      description: "greets",
      message: "why not",
    });
    expect(saved).toEqual({ created: true, changed: true, version: 1, nameOf: null });
    expect(await fetch(name, { label: "production" })).toMatchObject({
      project: "default",
      name,
      type: "text",
      version: 1,
      newest: 1,
      author: ACTOR.name,
      message: "why not",
      labels: ["latest", "production"],
      tags: ["a", "b"],
      description: "greets",
      text: "Hello {{who}}",
      template: "mustache",
    });
  });

  it("again makes the next version, and leaves tags and labels that are not given", async () => {
    const name = freshName();
    await library.save({ name, text: "one", tags: ["t"], labels: ["production"], description: "d" });
    expect(await library.save({ name, text: "two" })).toEqual({
      created: true,
      changed: true,
      version: 2,
      nameOf: null,
    });
    expect(await fetch(name)).toMatchObject({ version: 2, tags: ["t"], description: "d", labels: ["latest"] });
    expect(await fetch(name, { label: "production" })).toMatchObject({ version: 1, text: "one" });
  });

  it("the same content makes no version and no noise, but labels and tags apply", async () => {
    const name = freshName();
    await library.save({ name, text: "one", tags: ["t"] });
    const [changes, deeds] = [await countRows(library, "changes"), await countRows(library, "audit_log")];
    expect(await library.save({ name, text: "one", tags: ["t"] })).toEqual({
      created: false,
      changed: false,
      version: 1,
      nameOf: null,
    });
    expect([await countRows(library, "changes"), await countRows(library, "audit_log")]).toEqual([changes, deeds]);
    const labelled = await library.save({ name, text: "one", tags: ["u"], labels: ["production"] });
    expect(labelled).toEqual({ created: false, changed: true, version: 1, nameOf: null });
    expect(await fetch(name)).toMatchObject({ tags: ["u"], labels: ["latest", "production"] });
  });

  it("an earlier content anew is a version again", async () => {
    const name = freshName();
    for (const text of ["one", "two", "one"]) await library.save({ name, text });
    expect(await versionNumbers(name)).toEqual([3, 2, 1]);
  });

  it("on the version it was made from goes through; on an older one it is told what came between", async () => {
    const name = freshName();
    await library.save({ name, text: "one" });
    expect(await library.save({ name, text: "two", baseVersion: 1, message: "second" })).toMatchObject({ version: 2 });
    await library.save({ name, text: "three", message: "third", labels: ["staging"] });
    await expect(library.save({ name, text: "mine", baseVersion: 1 })).rejects.toMatchObject({
      code: "version_conflict",
      details: {
        newest: { version: 3, text: "three", labels: ["latest", "staging"] },
        between: [
          { version: 2, author: ACTOR.name, message: "second" },
          { version: 3, author: ACTOR.name, message: "third" },
        ],
      },
    });
    expect(await versionNumbers(name)).toEqual([3, 2, 1]);
  });

  it("on a version of a prompt that is not there is a conflict, not a new prompt", async () => {
    await expect(library.save({ name: freshName(), text: "x", baseVersion: 3 })).rejects.toMatchObject({
      code: "version_conflict",
      details: { newest: null, between: [] },
    });
  });

  it("on a version of a prompt that is in the trash is a conflict with the one that has its name by now", async () => {
    const name = freshName();
    for (const text of ["one", "two"]) await library.save({ name, text });
    const [{ hash }] = (await library.asSuperuser(
      `select 'sha256:' || encode(content_hash, 'hex') as hash from versions join prompts on id = prompt_id
       where name = '${name}' and version = 2`,
    )) as [{ hash: string }];
    await trashPrompt(library.database, library.project, ACTOR, name);
    for (const text of ["another", "yet another"]) await library.save({ name, text });
    const mine = { name, text: "mine", baseVersion: 2, baseHash: hash };
    await expect(library.save(mine)).rejects.toMatchObject({
      code: "version_conflict",
      message: expect.stringContaining("is another prompt by now"),
      details: { newest: { version: 2, text: "yet another" }, between: [] },
    });
    expect(await versionNumbers(name)).toEqual([2, 1]);
    // What says the same takes nothing away.
    expect(await library.save({ ...mine, text: "yet another" })).toMatchObject({ created: false, version: 2 });
  });

  it("that must be of a new prompt is refused with what is there, also under a former name, of whatever type", async () => {
    const name = freshName();
    const saves = Array.from({ length: 8 }, (_, at) => library.save({ name, text: `text ${at}`, baseVersion: 0 }));
    const made = await Promise.allSettled(saves);
    const won = made.flatMap((one, at) => (one.status === "fulfilled" ? [`text ${at}`] : []));
    expect(won).toHaveLength(1);
    const conflict = { code: "version_conflict", details: { newest: { name, version: 1, text: won[0] } } };
    for (const one of made) if (one.status === "rejected") expect(one.reason).toMatchObject(conflict);
    const chat = library.save({ name, messages: [{ role: "user", content: "hi" }], baseVersion: 0 });
    await expect(chat).rejects.toMatchObject(conflict);
    const present = freshName();
    await renamePrompt(library.database, library.project, ACTOR, name, present);
    await expect(library.save({ name, text: "mine", baseVersion: 0 })).rejects.toMatchObject({
      code: "version_conflict",
      message: `“${name}” is a former name of “${present}”, which still answers under it.`,
      details: { newest: { name: present } },
    });
    expect(await versionNumbers(present)).toEqual([1]);
  });

  it("that was not told as done is sent again, and makes no second version nor a conflict", async () => {
    const name = freshName();
    await library.save({ name, text: "one", baseVersion: 0 });
    expect(await library.save({ name, text: "one", baseVersion: 0 })).toMatchObject({ created: false, version: 1 });
    await library.save({ name, text: "two", baseVersion: 1 });
    expect(await library.save({ name, text: "two", baseVersion: 1 })).toMatchObject({ created: false, version: 2 });
    await expect(library.save({ name, text: "two", baseVersion: 0 })).rejects.toMatchObject({
      code: "version_conflict",
    });
  });

  it("a chat under the name of a text is refused: the type of a prompt never changes", async () => {
    const name = freshName();
    await library.save({ name, text: "one" });
    const chat = library.save({ name, messages: [{ role: "user", content: "hi" }] });
    await expect(chat).rejects.toMatchObject({ code: "type_conflict" });
  });

  it("a chat keeps its messages in order, placeholders too", async () => {
    const name = freshName();
    const messages: SavePrompt["messages"] = [
      { role: "system", content: "Be {{manner}}" },
      { placeholder: "history" },
      { role: "user", content: "{{question}}" },
    ];
    await library.save({ name, messages });
    expect(await fetch(name)).toMatchObject({ type: "chat", messages });
  });

  it("composes and decomposes to one name", async () => {
    await library.save({ name: "Caf\u0065\u0301", text: "one" });
    expect(await library.save({ name: "Caf\u00e9", text: "two" })).toMatchObject({ version: 2 });
  });

  it("takes the name of a trashed prompt for a new one, that begins at 1", async () => {
    const name = freshName();
    await library.save({ name, text: "old", labels: ["production"] });
    await trashPrompt(library.database, library.project, ACTOR, name);
    expect(await library.save({ name, text: "new" })).toEqual({
      created: true,
      changed: true,
      version: 1,
      nameOf: null,
    });
    expect(await fetch(name)).toMatchObject({ labels: ["latest"], text: "new" });
  });

  it("refuses what is no template, with every place, unless it is said to be none", async () => {
    const name = freshName();
    await expect(library.save({ name, text: "a {{#b}} c\n{{" })).rejects.toMatchObject({
      code: "template_invalid",
      details: { faults: [expect.objectContaining({ line: 2 })] },
    });
    expect(await library.save({ name, text: "a {{#b}} c\n{{", template: "none" })).toMatchObject({ version: 1 });
  });

  it("takes a content of exactly 1 MiB, and none of a byte more", async () => {
    const name = freshName();
    const text = "é".repeat(CONTENT_LIMIT / 2);
    expect(await library.save({ name, text })).toMatchObject({ version: 1 });
    await expect(library.save({ name, text: `${text}x` })).rejects.toMatchObject({ code: "content_too_large" });
    expect((await fetch(name)).text).toBe(text);
  });

  it("keeps the order of keys as given, and does not take another order for another content", async () => {
    const name = freshName();
    const config = { z: 1, a: { y: [1, 2], b: null }, m: "x" };
    await library.save({ name, text: "t", config });
    const reordered = { a: { b: null, y: [1, 2] }, m: "x", z: 1 };
    expect(await library.save({ name, text: "t", config: reordered })).toMatchObject({ created: false });
    expect(JSON.stringify((await fetch(name)).config)).toBe(JSON.stringify(config));
  });

  it("gives back whatever text and configuration the shape lets in", async () => {
    const character = fc.constantFrom(
      "a",
      "\n",
      "\r\n",
      "\t",
      "'",
      '"',
      "\\",
      "😀",
      "日",
      "\u200f",
      "\ufffe",
      "\u2028",
      "$1",
    );
    const text = fc.string({ unit: character, maxLength: 40 });
    const json = fc.jsonValue({ stringUnit: "grapheme" });
    const numbers = fc.constantFrom(0, -1, 1e300, 5e-324, 2 ** 53, 0.1, -1.5e-7);
    await fc.assert(
      fc.asyncProperty(
        text,
        fc.dictionary(fc.constantFrom("k", "模型", "a b"), fc.oneof(json, numbers)),
        async (body, config) => {
          const name = freshName();
          const save = shape.safeParse({ name, text: body, config, template: "none" });
          // Refused before a shape is asked, by bodies and imports: an object would lose it.
          fc.pre(save.success && !JSON.stringify(config).includes("__proto__"));
          if (!save.data) return;
          await library.save(save.data);
          expect(await fetch(name)).toMatchObject({ text: body, config: JSON.parse(JSON.stringify(config)) });
        },
      ),
      { numRuns: 60, ...fuzz },
    );
  });
});

describe("many who save at once", () => {
  async function race(texts: string[], name: string) {
    const results = await Promise.all(texts.map((text) => library.save({ name, text })));
    expect(results.every(({ created }) => created)).toBe(true);
    const numbers = await versionNumbers(name);
    expect(numbers.toReversed()).toEqual(numbers.map((_, at) => at + 1));
    const found = await findPrompt(library.database.reads, library.project, name);
    const stored = await Promise.all(
      numbers.map((version) => findVersion(library.database.reads, found?.prompt.id ?? "", version)),
    );
    return { results, stored: stored.map(({ text }) => text).sort() };
  }

  it("under a new name all become versions, without a gap", async () => {
    for (let round = 0; round < 5; round += 1) {
      const texts = Array.from({ length: 12 }, (_, at) => `text ${at}`);
      const { stored, results } = await race(texts, freshName());
      expect(stored).toEqual([...texts].sort());
      expect(results.map(({ version }) => version).sort((a, b) => a - b)).toEqual(texts.map((_, at) => at + 1));
    }
  });

  it("under an old name all become versions, without a gap", async () => {
    const name = freshName();
    await library.save({ name, text: "first" });
    const texts = Array.from({ length: 30 }, (_, at) => `text ${at}`);
    const { stored } = await race(texts, name);
    expect(stored).toEqual(["first", ...texts].sort());
  });

  it("from one base: one goes through, the others are told", async () => {
    const name = freshName();
    await library.save({ name, text: "first" });
    const all = await Promise.allSettled(
      Array.from({ length: 8 }, (_, at) => library.save({ name, text: `text ${at}`, baseVersion: 1 })),
    );
    expect(all.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(await versionNumbers(name)).toEqual([2, 1]);
  });

  it("while others move it to the trash: nothing is lost and nobody fails", async () => {
    const name = freshName();
    const trash = () =>
      trashPrompt(library.database, library.project, ACTOR, name).catch((error) => {
        if (error.code !== "prompt_not_found") throw error;
      });
    await Promise.all(
      Array.from({ length: 20 }, (_, at) => (at % 4 === 3 ? trash() : library.save({ name, text: `text ${at}` }))),
    );
    const rows = await library.database.reads
      .selectFrom("versions")
      .innerJoin("prompts", "prompts.id", "versions.prompt_id")
      .select("text")
      .where("name", "=", name)
      .execute();
    expect(rows).toHaveLength(15);
  });
});

describe("the shape of a save", () => {
  const base = { name: "a", text: "x" };
  it.each([
    ["a NUL in the text", { ...base, text: "a\u0000b" }],
    ["half a surrogate pair in the text", { ...base, text: "a\ud800b" }],
    ["a NUL in the name", { ...base, name: "a\u0000b" }],
    ["a NUL in a tag", { ...base, tags: ["a\u0000b"] }],
    ["a NUL in the message", { ...base, message: "a\u0000b" }],
    ["a NUL deep in the configuration", { ...base, config: { a: { b: ["\u0000"] } } }],
    ["a NUL in a key of the configuration", { ...base, config: { "a\u0000": 1 } }],
    ["a NUL in a deep key of the configuration", { ...base, config: { a: { "b\u0000": 1 } } }],
    ["half a surrogate pair in the configuration", { ...base, config: { a: ["\udc00"] } }],
    ["half a surrogate pair in the default of a variable", { ...base, variables: { v: { default: "\ud800" } } }],
  ])("refuses %s, and says so", (_, save) => {
    const parsed = shape.safeParse(save);
    expect(parsed.success).toBe(false);
    expect(JSON.stringify(parsed.error?.issues)).toContain("cannot be stored");
  });

  it("takes a text that merely looks like an escaped NUL", () => {
    expect(shape.safeParse({ ...base, config: { pattern: "\\u0000" } }).success).toBe(true);
  });
});
