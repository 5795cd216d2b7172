import { describe, expect, it } from "vitest";
import { CONTENT_LIMIT, REQUEST_LIMIT } from "../../contract/shapes.ts";
import { readFiles, rejections } from "./testing/files.ts";

describe("a pattern of fabric", () => {
  it("becomes a text named after its folder, to the byte", async () => {
    const text = "# IDENTITY\n\nYou summarize {{input}} für {{lang_code}}. 😀\n";
    expect(await readFiles("fabric", { "patterns/team/summarize/system.md": text })).toMatchObject([
      { name: "patterns/team/summarize", line: 1, text, template: "mustache", variables: {}, notes: [] },
    ]);
  });

  it("with a user.md becomes a chat; an empty one counts as none", async () => {
    const [chat, text] = await readFiles("fabric", {
      "a/system.md": "System",
      "a/user.md": "CONTENT:\n",
      "b/system.md": "System",
      "b/user.md": " \n",
    });
    expect(chat).toMatchObject({
      name: "a",
      messages: [
        { role: "system", content: "System" },
        { role: "user", content: "CONTENT:\n" },
      ],
      notes: ["system.md and user.md became the messages of a chat"],
    });
    expect(text).toMatchObject({ name: "b", text: "System", notes: [] });
  });

  it("is the same in pieces of any size", async () => {
    const files = { "é/system.md": "\ufeffÄ 😀\r\nb {{x}}\r\n", "é/user.md": "c" };
    const whole = await readFiles("fabric", files);
    for (const size of [1, 2, 3, 7]) expect(await readFiles("fabric", files, size)).toEqual(whole);
  });

  it("loses a byte-order mark, and CR where every line has one", async () => {
    const [dos, mixed] = await readFiles("fabric", { "a/system.md": "\ufeffA\r\nB\r\n", "b/system.md": "A\r\nB\n" });
    expect(dos).toMatchObject({ text: "A\nB\n", notes: ["line ends CRLF became LF"] });
    expect(mixed).toMatchObject({ text: "A\r\nB\n", notes: [] });
  });

  it.each([
    ["a\n<h4>{{ header ? a : b }}</h4>", "{{ header ? a : b }} at line 2 is not the name of a variable"],
    ["{{plugin:text:upper:x}}", "{{plugin:text:upper:x}} at line 1 is not the name of a variable"],
    ["{{#each}} {{/each}}", "{{#each}} at line 1 is not the name of a variable"],
    ["begin with {{ and end", "it is no template (line 1: the tag is never closed by }})"],
    ["x {{}}", "it is no template (line 1: the tag has no name)"],
    ["{{a{b}}", "not every {{ in it begins a variable"],
  ])("that holds other braces is kept as it is: %j", async (text, why) => {
    expect(await readFiles("fabric", { "a/system.md": text })).toMatchObject([
      { text, template: "none", notes: [`kept as it is, without variables: ${why}`] },
    ]);
  });

  it.each<[situation: string, files: Record<string, string | Uint8Array>, rejected: string[]]>([
    ["without system.md", { "a/user.md": "x" }, ["a/user.md:1: the pattern has no system.md"]],
    ["with an empty system.md", { "a/system.md": "" }, ["a/system.md:1: the system.md of the pattern is empty"]],
    [
      "that is no UTF-8",
      { "a/system.md": Buffer.from("ok\ncaf\xe9\n", "latin1") },
      ["a/system.md:2: the file is not valid UTF-8"],
    ],
    [
      "with a broken user.md",
      { "a/system.md": "x", "a/user.md": "1\n2\n\u0000" },
      ["a/user.md:3: the file holds a NUL character, which cannot be stored"],
    ],
    ["of another file", { "a/notes.md": "x" }, ["a/notes.md:1: a pattern is made of system.md and user.md"]],
    [
      "in no folder",
      { "system.md": "x" },
      ["system.md:1: the file lies in no folder, and a pattern has the name of its folder; import the folder"],
    ],
    [
      "whose folder gives no name",
      { "a/../system.md": "x" },
      ['a/../system.md:1: the name that its path gives has the part "..", which means a folder elsewhere'],
    ],
    [
      "that comes twice",
      { "a/system.md": "x", "b/system.md": "x", "./a/system.md": "y" },
      ['./a/system.md:1: another pattern of this import is named "a" already'],
    ],
    [
      "that is too long",
      { "a/system.md": "x".repeat(CONTENT_LIMIT + 1) },
      [`a/system.md:1: the prompt is ${CONTENT_LIMIT + 1} bytes long; at most ${CONTENT_LIMIT} are allowed`],
    ],
    [
      "of endless bytes",
      { "a/system.md": "x".repeat(REQUEST_LIMIT + 1) },
      ["a/system.md:1: the file is larger than 2 MiB"],
    ],
  ])("%s is rejected, and the next one is read", async (_, files, rejected) => {
    const read = await readFiles("fabric", { ...files, "next/system.md": "fine" });
    expect(rejections(read)).toEqual(rejected);
    expect(read.at(-1)).toMatchObject({ name: "next", reason: null });
  });
});
