import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
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
    await expect(openFiles([folder], "csv")).rejects.toMatchObject({ code: "file_not_found" });
  });

  it("tell their format by their names, whatever the case", async () => {
    const path = await file("LOUD.CSV", "1234");
    expect(await openFiles([path], undefined)).toEqual({ format: "csv", files: [{ path, size: 4 }] });
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
