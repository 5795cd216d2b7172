/** Refusals that take root to bring about: full disks (small file systems in memory), accounts that may not. */

import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, readdir, rm, stat, symlink } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sleep, until } from "../src/base/clock.ts";
import { askedAgain } from "./support/asked-again.ts";
import { temporaryDirectory } from "./support/cluster.ts";
import { Instance } from "./support/instance.ts";
import { kill } from "./support/kill.ts";
import { nothingRuns } from "./support/programs.ts";
import { settled } from "./support/recovery-orders.ts";
import { refusal } from "./support/refusal.ts";

const run = promisify(execFile);
const isRoot = process.getuid?.() === 0;
const nobody = { uid: 65_534, gid: 65_534 };

/** Containers may not mount, whoever they are. */
async function mayMount(): Promise<boolean> {
  if (!isRoot) return false;
  const disk = await temporaryDirectory();
  try {
    await run("mount", ["-t", "tmpfs", "tmpfs", disk]);
    await run("umount", [disk]);
    return true;
  } catch {
    return false;
  } finally {
    await rm(disk, { recursive: true });
  }
}

it.skipIf(!isRoot)("a home that an ordinary user may not write is refused, and nothing is left in it", async () => {
  const instance = await Instance.make({}, { account: nobody });
  try {
    await mkdir(instance.home.root, { mode: 0o755 });
    const ran = await instance.run(["up"]);
    expect(ran).toMatchObject({ code: 12, stdout: "", stderr: refusal("home_not_writable", instance.home.root) });
    expect(await readdir(instance.home.root)).toEqual([]);
    await run("chown", ["nobody", instance.home.root]);
    await instance.start();
    expect(await instance.stop()).toBe(0);
    await nothingRuns(instance.home);
  } finally {
    await instance.remove();
  }
});

describe.skipIf(!(await mayMount()))("on a small disk", () => {
  let disk: string;
  let instances: Instance[];

  beforeEach(async () => {
    disk = await temporaryDirectory();
    instances = [];
  });
  afterEach(async () => {
    for (const instance of instances) await instance.remove();
    await run("umount", [disk]);
    await rm(disk, { recursive: true });
  });

  const mount = async (mib: number) =>
    await run("mount", ["-t", "tmpfs", "-o", `size=${mib}m,mode=711`, "tmpfs", disk]);
  const kept = (instance: Instance) => {
    instances.push(instance);
    return instance;
  };
  const wholeOnDisk = async () => {
    const directory = join(disk, "whole");
    await mkdir(directory, { mode: 0o711 });
    return kept(await Instance.make({}, { directory }));
  };
  const fill = async () => await run("dd", ["if=/dev/zero", `of=${join(disk, "filler")}`, "bs=64k"]).catch(() => {});
  const free = async () => await rm(join(disk, "filler"));

  it("too little room is said before anything is started, and room mends it", async () => {
    await mount(200);
    const instance = await wholeOnDisk();
    const ran = await instance.run(["up"]);
    expect(ran).toMatchObject({ code: 13, stdout: "", stderr: refusal("disk_full", "MiB free", instance.home.root) });
    expect(await readdir(instance.home.keys)).toEqual([]);
    await run("mount", ["-o", "remount,size=900m", disk]);
    await instance.start();
    expect(await instance.stop()).toBe(0);
  });

  it("too little room where a home's link leads to the database is said, too", async () => {
    await mount(200);
    const instance = kept(await Instance.make());
    await mkdir(instance.home.root, { mode: 0o711 });
    await symlink(disk, instance.home.postgres);
    const ran = await instance.run(["up"]);
    const where = instance.home.postgres;
    expect(ran).toMatchObject({ code: 13, stdout: "", stderr: refusal("disk_full", "MiB free", where) });
  });

  it("too few files that can still be made is said, too", async () => {
    await run("mount", ["-t", "tmpfs", "-o", "size=900m,mode=711,nr_inodes=40", "tmpfs", disk]);
    const instance = await wholeOnDisk();
    const ran = await instance.run(["up"]);
    expect(ran).toMatchObject({ code: 13, stderr: refusal("disk_full") });
    await run("mount", ["-o", "remount,nr_inodes=10000", disk]);
    await instance.start();
    expect(await instance.stop()).toBe(0);
  });

  it("a disk that fills under the database refuses writes with a sentence and answers reads, until there is room", async () => {
    await mount(900);
    const instance = await wholeOnDisk();
    const url = await instance.start();
    const writer = await writing(instance, url);
    for (let n = 0; n < 3; n += 1) await writer.save("small");
    // The room that a backup gives back when it fails would be there for saves again.
    await settled(instance);
    await fill();

    const refused = await until(
      async () => {
        const { code, status } = await writer.save(noise());
        expect(await writer.fetchStatus()).toBe(200);
        // A PostgreSQL that goes down in a commit for want of room tells no outcome; the next save tells why.
        return status >= 300 && code !== "write_outcome_unknown" && `${status} ${code}`;
      },
      { timeout: 30_000 },
    );
    // Also where it is the WAL that finds no room: then PostgreSQL goes down by itself, and waits for some.
    expect(refused).toBe("507 disk_full");

    // Whoever dies now is started again on the full disk, or waits for room, and reading goes on.
    for (const name of ["serve", "guard", "postgres", "supervisor"] as const) {
      kill((await instance.processes())[name], "SIGKILL");
      for (let n = 0; n < 15; n += 1) {
        expect(await writer.fetchStatus(), `${name} was killed`).toBe(200);
        await writer.save(noise());
        await sleep(100);
      }
    }
    expect([...writer.codes].sort().join()).not.toContain("internal");

    await free();
    expect(await until(async () => (await writer.save("after")).status < 300, { timeout: 60_000, every: 100 })).toBe(
      true,
    );
    await writer.everythingIsThere();
    await instance.stop();
    await nothingRuns(instance.home);
    await instance.start();
  });

  it("a disk that fills under the mirror alone leaves writing and reading as they are; the mirror catches up", async () => {
    // Enough that health has nothing to say of it.
    await mount(600);
    const instance = kept(await Instance.make({ DATA_DIR: join(disk, "data") }));
    const url = await instance.start();
    const writer = await writing(instance, url);
    await writer.save("small");
    await fill();
    for (let n = 0; n < 3; n += 1) expect((await writer.save(noise())).status).toBe(201);
    expect(await writer.fetchStatus()).toBe(200);
    const lags = async () =>
      JSON.stringify(await (await fetch(`${url}/api/system/health`)).json()).includes("The mirror cannot be written");
    expect(await until(lags, { timeout: 30_000 })).toBe(true);
    await free();
    await instance.healthy(url);
    await writer.everythingIsThere();
    const { size } = await stat(join(disk, "data", "prompts", "default", "filling.json"));
    expect(size).toBeGreaterThan(3 * 700_000);
  });
});

/** About 700 kB that cannot be compressed much. */
function noise(): string {
  return randomBytes(350_000).toString("hex");
}

async function writing(instance: Instance, url: string) {
  const created = await instance.run(["key", "create", "writer", "--scope", "read", "--scope", "write"]);
  const headers = { authorization: `Bearer ${created.stdout.trim()}`, "content-type": "application/json" };
  const acknowledged = new Map<number, string>();
  const codes = new Set<string>();
  const get = async (query: string) =>
    await askedAgain(async () => {
      const response = await fetch(`${url}/api/prompts/filling${query}`, { headers });
      return { status: response.status, body: await response.text() };
    });
  return {
    codes,
    async save(text: string) {
      const body = JSON.stringify({ name: "filling", text: `${text} ${acknowledged.size}` });
      const response = await fetch(`${url}/api/prompts`, { method: "POST", headers, body }).catch(() => null);
      if (!response) return { status: 0, code: "not answered" };
      const answer = (await response.json()) as { version: number; text: string; error?: { code: string } };
      if (response.ok) acknowledged.set(answer.version, answer.text);
      const code = answer.error?.code ?? "";
      codes.add(code);
      return { status: response.status, code };
    },
    async fetchStatus() {
      return (await get("")).status;
    },
    async everythingIsThere() {
      for (const [version, text] of acknowledged) {
        const { body } = await get(`?version=${version}`);
        expect((JSON.parse(body) as { text: string }).text === text, `${version}`).toBe(true);
      }
    },
  };
}
