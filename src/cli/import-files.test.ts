import { randomBytes } from "node:crypto";
import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { openFiles, piecesOf } from "./import-files.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "promptlib-import-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function file(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

describe("the files of an import", () => {
  it("are looked at before anything is sent: one that is missing stops it", async () => {
    const good = await file("good.csv", "x");
    const missing = join(folder, "missing.csv");
    await expect(openFiles([good, missing], undefined)).rejects.toMatchObject({
      code: "file_not_found",
      message: `${missing} could not be read (ENOENT).`,
    });
    await expect(openFiles([join(folder, "no", "where")], "csv")).rejects.toMatchObject({ code: "file_not_found" });
  });

  it("tell their format by their names, whatever the case", async () => {
    const path = await file("LOUD.CSV", "1234");
    expect(await openFiles([path], undefined)).toEqual({
      format: "csv",
      files: [{ path, inside: "LOUD.CSV", size: 4 }],
      passedOver: 0,
    });
  });

  it("whose names do not tell need --format", async () => {
    const path = await file("prompts.txt", "x");
    await expect(openFiles([path], undefined)).rejects.toMatchObject({ code: "usage" });
    await expect(openFiles(["-"], undefined)).rejects.toMatchObject({ code: "usage" });
    expect(await openFiles([path, "-"], "csv")).toMatchObject({ format: "csv", files: [{ size: 1 }, { size: null }] });
    await expect(openFiles([path], "yaml")).rejects.toMatchObject({ code: "import_format_unknown" });
  });

  it("that are named twice are sent once", async () => {
    const path = await file("twice.csv", "x");
    expect((await openFiles([path, path], undefined)).files).toHaveLength(1);
  });

  it("arrive byte for byte in pieces of at most 256 KiB, an empty one too", async () => {
    const bytes = randomBytes(600 * 1024);
    const large = await file("large.csv", bytes);
    const empty = await file("empty.csv", "");
    const { files } = await openFiles([large, empty], undefined);
    let sent = 0;
    const onSent = (_path: string, more: Uint8Array) => {
      sent += more.length;
    };
    const pieces = await Array.fromAsync(piecesOf(files, onSent));
    const decoded = pieces.map(({ content }) => Buffer.from(content, "base64"));
    expect(pieces.map(({ path }) => path)).toEqual([large, large, large, empty]);
    expect(decoded.every(({ length }) => length <= 256 * 1024)).toBe(true);
    expect(Buffer.concat(decoded).equals(bytes)).toBe(true);
    expect(sent).toBe(bytes.length);
  });
});

describe("a folder", () => {
  const made = async (...paths: string[]) => {
    const root = await mkdtemp(join(folder, "tree-"));
    for (const path of paths) {
      await mkdir(join(root, dirname(path)), { recursive: true });
      await writeFile(join(root, path), "x");
    }
    return root;
  };

  it("is taken to the bottom, in order; what is none of the format is counted, what is hidden is not looked at", async () => {
    const root = await made("b/system.md", "b/user.md", "b/README.md", "a/deep/system.md", ".git/system.md", "x.txt");
    const { files, format, passedOver } = await openFiles([root], undefined);
    expect(files.map(({ inside }) => inside)).toEqual(["a/deep/system.md", "b/system.md", "b/user.md"]);
    expect(files[0]?.path).toBe(join(root, "a/deep/system.md"));
    expect({ format, passedOver }).toEqual({ format: "fabric", passedOver: 2 });
  });

  it("that is a pattern itself, or whose file is named, still gives the pattern its name", async () => {
    const root = await made("summarize/system.md");
    for (const path of ["summarize", "summarize/system.md"]) {
      expect((await openFiles([join(root, path)], undefined)).files).toMatchObject([{ inside: "summarize/system.md" }]);
    }
    expect((await openFiles([root, join(root, "summarize/system.md")], undefined)).files).toHaveLength(1);
  });

  it("with several formats, or with none, needs --format", async () => {
    const root = await made("a/system.md", "b.csv");
    await expect(openFiles([root], undefined)).rejects.toMatchObject({
      code: "usage",
      message: "The files have several formats: csv, fabric.",
    });
    expect(await openFiles([root], "csv")).toMatchObject({ files: [{ inside: "b.csv" }], passedOver: 1 });
    await expect(openFiles([await made("a.txt")], undefined)).rejects.toMatchObject({ code: "usage" });
    await expect(openFiles([await made("a.txt")], "csv")).rejects.toMatchObject({ code: "file_not_found" });
  });

  it("follows a link to a file, and none to a folder", async () => {
    const root = await made("a/system.md");
    await symlink(root, join(root, "circle"));
    await symlink(join(root, "a/system.md"), join(root, "a/user.md"));
    expect((await openFiles([root], undefined)).files.map(({ inside }) => inside)).toEqual([
      "a/system.md",
      "a/user.md",
    ]);
  });

  it("passes over a link that leads nowhere, and refuses one that is of the format by its own name", async () => {
    const root = await made("a/system.md");
    const dead = (name: string) => symlink(join(root, "nowhere"), join(root, "a", name));
    await dead("editor.lock");
    expect(await openFiles([root], undefined)).toMatchObject({ files: [{ inside: "a/system.md" }], passedOver: 1 });
    await dead("user.md");
    await expect(openFiles([root], undefined)).rejects.toMatchObject({
      code: "file_not_found",
      message: `${join(root, "a/user.md")} could not be read (ENOENT).`,
    });
  });

  it("with another in it that is closed is refused by the name of that one", async ({ skip }) => {
    const root = await made("a/b/system.md", "a/system.md");
    for (const path of [folder, root, join(root, "a")]) await chmod(path, 0o755);
    const closed = join(root, "a/b");
    await chmod(closed, 0);
    // No folder is closed to root.
    const isRoot = process.geteuid?.() === 0;
    onTestFinished(async () => {
      if (isRoot) process.seteuid?.(0);
      await chmod(closed, 0o755);
    });
    try {
      if (isRoot) process.seteuid?.(65_534);
      await readdir(root);
    } catch {
      skip("nobody else is here who could come to the folder");
    }
    await expect(openFiles([root], undefined)).rejects.toMatchObject({
      code: "file_not_found",
      message: `${closed} could not be read (EACCES).`,
    });
  });

  it("is needed where prompts are named after files: what comes in has no name", async () => {
    await expect(openFiles(["-"], "fabric")).rejects.toMatchObject({ code: "usage" });
  });

  it.each<[string, unknown]>([
    ["openai", { model: "gpt-4o", messages: [{ role: "user", content: "x" }] }],
    ["openai", [{ role: "system", content: "x" }]],
    ["anthropic", { model: "claude-x", max_tokens: 9, messages: [{ role: "user", content: [] }] }],
    ["anthropic", { system: "s", messages: [{ role: "user", content: "x" }] }],
    ["langchain", { _type: "prompt", template: "x" }],
    ["langfuse", [{ name: "a", version: 1, type: "text", prompt: "x" }]],
    ["langchain", { manifest: { lc: 1, type: "constructor", id: ["x"], kwargs: {} } }],
    ["", { messages: [{ role: "user", content: "x" }] }],
    ["", { model: "claude-x", messages: [{ role: "system", content: "x" }] }],
    ["", { messages: [] }],
    ["", null],
  ])("of JSON is of the format %s when it holds %j; without a format it has to be said", async (format, value) => {
    const path = join(await made("x/y"), "a.json");
    await writeFile(path, `\ufeff${JSON.stringify(value)}`);
    if (format === "") await expect(openFiles([path], undefined)).rejects.toMatchObject({ code: "usage" });
    else expect((await openFiles([path], undefined)).format).toBe(format);
    expect((await openFiles([path], "openai")).files).toHaveLength(1);
  });

  it("of broken JSON has to have its format said", async () => {
    const root = await made("a.json");
    await expect(openFiles([join(root, "a.json")], undefined)).rejects.toMatchObject({ code: "usage" });
    expect((await openFiles([root], "anthropic")).files).toHaveLength(1);
  });
});
