import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ACTOR, openLibrary, type TestLibrary } from "../../test/support/library.ts";
import type { SavePrompt } from "../contract/shapes.ts";
import { removeAlias } from "./aliases.ts";
import { whoIncludes } from "./includers.ts";
import { moveLabel } from "./labels.ts";
import { renamePrompt } from "./rename.ts";
import { indexMissing } from "./search-index.ts";
import { trashPrompt } from "./trash.ts";

let library: TestLibrary;
beforeAll(async () => {
  library = await openLibrary();
});
afterAll(() => library.close());

const trash = (name: string) => trashPrompt(library.database, library.project, ACTOR, name);
const includersOf = async (name: string) =>
  (await whoIncludes(library.database.reads, library.project, new Set([name]))).get(name) ?? [];

describe("a prompt that others include", () => {
  it("is kept out of the trash, with their names, until they let go of it", async () => {
    await library.save({ name: "sign", text: "Yours" });
    await library.save({ name: "mail", text: "Dear {{name}}\n{{> sign}}", labels: ["production"] });
    await library.save({ name: "chat", messages: [{ role: "user", content: "a > b {{ >\n sign@latest }}" }] });
    await expect(trash("sign")).rejects.toMatchObject({
      code: "prompt_included",
      message: "“sign” is needed: “chat”, “mail” include it.",
      details: { includedBy: ["chat", "mail"] },
    });
    await trash("chat");
    await library.save({ name: "mail", text: "Dear {{name}}" });
    await expect(trash("sign")).rejects.toMatchObject({ message: "“sign” is needed: “mail” includes it." });
    await moveLabel(library.database, library.project, ACTOR, "mail", "production", 2);
    expect(await trash("sign")).toMatchObject({ name: "sign" });
  });

  it("by a former name is kept out of the trash as well, and so is the name", async () => {
    await library.save({ name: "foot", text: "Yours" });
    await library.save({ name: "letter", text: "{{> foot}}" });
    await renamePrompt(library.database, library.project, ACTOR, "foot", "closing");
    await library.save({ name: "note", text: "{{> closing}}" });
    await expect(trash("closing")).rejects.toMatchObject({
      message: "“closing” is needed: “letter”, “note” include it.",
    });
    const end = () => removeAlias(library.database, library.project, ACTOR, "foot");
    await expect(end()).rejects.toMatchObject({ message: "“foot” is needed: “letter” includes it." });
    await library.save({ name: "letter", text: "{{> closing}}" });
    await end();
    for (const name of ["letter", "note", "closing"]) await trash(name);
  });

  it("may be one that is not there", async () => {
    await library.save({ name: "hopeful", text: "{{> later}}" });
    await expect(trash("later")).rejects.toMatchObject({ code: "prompt_not_found" });
  });

  it("may include itself, which keeps it from nothing", async () => {
    await library.save({ name: "self", text: "{{> self}}" });
    expect(await trash("self")).toMatchObject({ name: "self" });
  });

  it.each<[string, Partial<SavePrompt>]>([
    ["Zo\u00eb", { text: "{{> Zoe\u0308@1}}" }],
    ['say "hi" \\ {bye}', { messages: [{ role: "user", content: 'x\n{{> say "hi" \\ {bye} }}' }] }],
    ["me@home", { text: "{{#a}}->{{> me@home@production}}{{/a}}" }],
    ["a*(b", { text: "{{> a*(b}}" }],
  ])("%s is found however it is written", async (name, content) => {
    await library.save({ name: `includes ${name}`, ...content });
    expect(await includersOf(name)).toEqual([`includes ${name}`.normalize("NFC")]);
  });

  it.each<[string, Partial<SavePrompt>]>([
    ["in a comment", { text: "{{! see {{> free}} and {{a}}" }],
    ["in a text without template", { text: "{{> free}}", template: "none" }],
    ["of another name", { text: "{{> free/er}} {{> a free}} free > {{free}}" }],
    ["in a text", { text: "use > free" }],
  ])("%s is none", async (how, content) => {
    await library.save({ name: `not ${how}`, ...content });
    expect(await includersOf("free")).toEqual([]);
  });

  it("is so for its project alone", async () => {
    await library.asSuperuser("insert into promptlib.projects (name) values ('other')");
    const { id } = await library.database.reads
      .selectFrom("projects")
      .select("id")
      .where("name", "=", "other")
      .executeTakeFirstOrThrow();
    await library.save({ name: "ours", text: "{{> theirs}}" });
    expect(await whoIncludes(library.database.reads, { id, name: "other" }, new Set(["theirs"]))).toEqual(new Map());
  });

  it("is known also from versions that are not indexed yet, and from one that includes very many", async () => {
    await library.save({ name: "early", text: "{{> base}}" });
    const many = Array.from({ length: 600 }, (_, at) => `{{> part ${at}}}`);
    await library.save({ name: "late", text: `${many.join("\n")}{{> base}}` });
    expect(await includersOf("base")).toEqual(["early", "late"]);
    await library.asSuperuser(`delete from search_documents; delete from search_heads;
      insert into search_missing select id from prompts where trashed_at is null`);
    expect(await includersOf("base")).toEqual(["early", "late"]);
    await indexMissing(library.database);
    expect(await includersOf("base")).toEqual(["early", "late"]);
  });

  it("is not looked for in texts that are indexed, though their prompts wait to be indexed anew", async () => {
    await library.save({ name: "indexed", text: "{{> base}}" });
    await library.asSuperuser(`update versions set text = '{{> hidden}}'
        where prompt_id = (select id from prompts where name = 'indexed');
      insert into search_missing select id from prompts where trashed_at is null`);
    expect(await includersOf("hidden")).toEqual([]);
    await library.asSuperuser("delete from search_documents");
    expect(await includersOf("hidden")).toEqual(["indexed"]);
  });
});
