import { execFile } from "node:child_process";
import { chmod, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { errorTable } from "../src/contract/errors.ts";
import { temporaryDirectory } from "./support/cluster.ts";

const launcher = fileURLToPath(new URL("../bin/promptlib", import.meta.url));
const run = promisify(execFile);

describe("the launcher", () => {
  let directory: string;

  beforeAll(async () => {
    directory = await temporaryDirectory();
  });
  afterAll(async () => await rm(directory, { recursive: true, force: true }));

  /** A PATH on which uname tells of another machine. */
  async function machine(system: string, processor: string): Promise<string> {
    const folder = join(directory, `${system}-${processor}`);
    await mkdir(folder, { recursive: true });
    const uname = join(folder, "uname");
    await writeFile(uname, `#!/bin/sh\ncase $1 in -s) echo ${system} ;; -m) echo ${processor} ;; esac\n`);
    await chmod(uname, 0o755);
    return `${folder}:${process.env.PATH}`;
  }

  it("runs the program through a symbolic link, from any folder", async () => {
    const link = join(directory, "promptlib");
    await symlink(launcher, link);
    const { stdout } = await run(link, ["--version"], { cwd: "/" });
    expect(stdout).toMatch(/^\d+\.\d+\.\d+/);
  });

  it.each([
    [["get"], "Missing required argument 'name'."],
    [["get", "a", "--nonsense"], "Unknown option '--nonsense'."],
    [["nonsense"], "Unknown command 'nonsense'."],
  ])("with --json tells what of %j it did not understand as JSON, too", async (args, message) => {
    const { hint, exit } = errorTable.usage;
    const refused = await run(launcher, [...args, "--json"]).catch((error) => error);
    expect(refused.code).toBe(exit);
    expect(JSON.parse(refused.stdout)).toEqual({ error: { code: "usage", message, hint } });
  });

  it.each([
    ["Darwin", "arm64"],
    ["FreeBSD", "amd64"],
    ["Linux", "riscv64"],
  ])("refuses %s on %s with the error table's words, and installs nothing", async (system, processor) => {
    const refused = run(launcher, ["up"], { env: { PATH: await machine(system, processor) } });
    const { message, hint, exit } = errorTable.unsupported_platform;
    await expect(refused).rejects.toMatchObject({ code: exit, stderr: expect.stringContaining(message) });
    await expect(refused).rejects.toMatchObject({ stderr: expect.stringContaining(hint) });
  });
});
