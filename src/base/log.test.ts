import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { openLog } from "./log.ts";

it("a disk that is full neither ends who logs nor keeps him from ending", async () => {
  const script = `
    import { openLog } from ${JSON.stringify(new URL("./log.ts", import.meta.url).href)};
    const log = openLog("info", "/dev/full");
    for (let n = 0; n < 3; n += 1) { log.info({ n }, "one line"); await new Promise((next) => setTimeout(next, 20)); }
    console.log("still here");
    process.exit(0);`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script], {
    timeout: 20_000,
  });
  expect(stdout).toBe("still here\n");
});

it("hides what is secret, and has written a line when the call comes back", async () => {
  const directory = await mkdtemp(join(tmpdir(), "promptlib-test-"));
  const file = join(directory, "a.log");
  openLog("info", file).info({ user: { password: "hunter2" } }, "signed in");
  expect(JSON.parse(await readFile(file, "utf8"))).toMatchObject({ user: { password: "(hidden)" }, msg: "signed in" });
  await rm(directory, { recursive: true });
});
