import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, open, symlink } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { answering } from "../../test/support/answering.ts";
import { Instance, launcher } from "../../test/support/instance.ts";
import { refusal } from "../../test/support/refusal.ts";

let instance: Instance;
beforeEach(async () => {
  instance = await Instance.make();
});
afterEach(() => instance.remove());

it("a program goes on to its end when whoever reads its messages goes away", async () => {
  const program = `
    import { endWithReader } from ${JSON.stringify(new URL("./program.ts", import.meta.url).href)};
    endWithReader();
    const notes = setInterval(() => process.stderr.write("note\\n"), 5);
    setTimeout(() => {
      clearInterval(notes);
      process.stdout.write("cleared up");
    }, 300);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: ["ignore", "pipe", "pipe"] });
  let printed = "";
  child.stdout.on("data", (data) => (printed += data));
  child.stderr.once("data", () => child.stderr.destroy());
  const [code] = await once(child, "close");
  expect([code, printed]).toEqual([0, "cleared up"]);
});

describe("where standard output has no room", () => {
  async function onFullDisk(args: string[], env: Record<string, string> = {}) {
    const full = await open("/dev/full", "w");
    const child = spawn(launcher, args, {
      cwd: instance.directory,
      env: { PATH: process.env.PATH ?? "", PROMPTLIB_HOME: instance.home.root, ...env },
      stdio: ["ignore", full.fd, "pipe"],
    });
    let stderr = "";
    child.stderr?.on("data", (data) => (stderr += data));
    const [code] = await once(child, "close");
    await full.close();
    return { code, stderr };
  }

  it.each([["--help"], ["--version"]])("%s says so, and fails", async (option) => {
    expect(await onFullDisk([option])).toEqual({ code: 13, stderr: refusal("disk_full") });
  });

  it("an export that is under way says so once, and fails", async () => {
    const server = await answering(async (_request, response) => {
      for (let n = 0; n < 3; n++) response.write(`{"prompt":{"name":"${n}"}}\n`);
      response.end();
    });
    const env = { PROMPTLIB_URL: server.url, PROMPTLIB_API_KEY: "k" };
    expect(await onFullDisk(["export"], env)).toEqual({ code: 13, stderr: refusal("disk_full") });
  });
});

describe("a .env where promptlib is started", () => {
  it("that is a folder is somebody else's", async () => {
    await mkdir(join(instance.directory, ".env"));
    expect(await instance.run(["--version"])).toMatchObject({ code: 0, stderr: "" });
  });

  it("that cannot be read is told", async () => {
    // A file that opens and reads badly, also for root.
    await symlink("/proc/self/mem", join(instance.directory, ".env"));
    const ran = await instance.run(["--version"]);
    expect(ran).toMatchObject({ code: 2, stdout: "", stderr: refusal("config_invalid", "The file .env") });
  });
});
