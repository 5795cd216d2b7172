import { execFile } from "node:child_process";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it, onTestFinished } from "vitest";
import { temporaryDirectory, temporaryHome, testCluster, testLog } from "../../test/support/cluster.ts";
import { copyData, copyWal, duplicate, originOf } from "../../test/support/copied-cluster.ts";
import { runningProcesses } from "./postmaster.ts";
import { connectAsSuperuser } from "./roles.ts";
import { startScratch } from "./scratch.ts";

const run = promisify(execFile);
const { signal } = new AbortController();

it.skipIf(process.getuid?.() !== 0)(
  "a recovery whose disk fills is told so, and is not taken for the end of the WAL",
  async () => {
    const { home, remove } = await temporaryHome();
    const cluster = testCluster(home);
    const base = await temporaryDirectory();
    const small = join(base, "small");
    onTestFinished(async () => {
      await cluster.stop("immediate");
      await run("umount", [small]).catch(() => {});
      await remove();
      await rm(base, { recursive: true, force: true });
    });
    await cluster.start();
    const origin = await originOf(home);
    await copyData(origin, join(base, "backup"));
    const client = await connectAsSuperuser(home);
    for (let segment = 0; segment < 3; segment += 1) {
      await client.query("create table if not exists rows (n int)");
      await client.query("insert into rows values (1)");
      await client.query("select pg_switch_wal()");
    }
    await client.end();
    await copyWal(origin, join(base, "wal"));

    const { stdout } = await run("du", ["-sm", join(base, "backup")]);
    await mkdir(small);
    await run("mount", ["-t", "tmpfs", "-o", `size=${Number.parseInt(stdout, 10) + 12}m,mode=755`, "tmpfs", small]);
    const data = await duplicate(join(base, "backup"), join(small, "data"));
    await expect(
      startScratch({
        data,
        directory: join(base, "scratch"),
        bin: origin.bin,
        account: origin.account,
        recovery: { walDirectory: join(base, "wal"), timeline: 1, target: null },
        settings: {},
        log: testLog(home),
        signal,
      }),
    ).rejects.toMatchObject({ code: "disk_full" });
    expect(await runningProcesses({ data, socket: null })).toEqual([]);
  },
);
