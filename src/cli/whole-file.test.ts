import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, lstat, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { writeLine, writeWholeFile } from "./whole-file.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "promptlib-whole-"));
});
afterEach(() => rm(folder, { recursive: true }));

it("a disk that is full while nobody writes fails the next line, and leaves nothing", async () => {
  const path = join(folder, "prompts.ndjson");
  await symlink("/dev/full", `${path}.part`);
  const written = writeWholeFile(path, async (stream) => {
    await writeLine(stream, "one");
    await expect.poll(() => stream.errored).not.toBeNull();
    await writeLine(stream, "two");
  });
  await expect(written).rejects.toMatchObject({ code: "ENOSPC" });
  expect([existsSync(path), existsSync(`${path}.part`)]).toEqual([false, false]);
});

it("a link goes on leading where it did, to a file that others can read no more than before", async () => {
  const kept = join(folder, "elsewhere", "kept.ndjson");
  await mkdir(join(folder, "elsewhere"));
  await writeFile(kept, "before");
  await chmod(kept, 0o600);
  const link = join(folder, "prompts.ndjson");
  await symlink(kept, link);
  await writeWholeFile(link, async (stream) => await writeLine(stream, "after"));
  expect((await lstat(link)).isSymbolicLink()).toBe(true);
  expect(await readFile(kept, "utf8")).toBe("after\n");
  expect((await stat(kept)).mode & 0o777).toBe(0o600);
});

it("what is open takes what comes, also by its number", async () => {
  const path = join(folder, "out");
  const script = `import { writeLine, writeWholeFile } from ${JSON.stringify(join(import.meta.dirname, "whole-file.ts"))};
    await writeWholeFile("/dev/stdout", (stream) => writeLine(stream, "one"));`;
  execFileSync("bash", ["-c", `"$0" --input-type=module -e "$1" | cat > "$2"`, process.execPath, script, path]);
  expect(await readFile(path, "utf8")).toBe("one\n");
});

it("a pipe takes what comes, and stays what it is", async () => {
  const pipe = join(folder, "pipe");
  execFileSync("mkfifo", [pipe]);
  const read = readFile(pipe, "utf8");
  await writeWholeFile(pipe, async (stream) => await writeLine(stream, "one"));
  expect(await read).toBe("one\n");
  expect((await lstat(pipe)).isFIFO()).toBe(true);
});
