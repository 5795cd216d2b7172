import { execFileSync, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "promptlib-leave-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

it("a process that has answered the guardian ends, though a disk that it waits for hangs", async () => {
  const hanging = join(directory, "hanging");
  execFileSync("mkfifo", [hanging]);
  const program = `
    import { open, stat } from "node:fs/promises";
    import { leave, say } from ${JSON.stringify(new URL("./for-guardian.ts", import.meta.url).href)};
    void open(process.argv[1], "r");
    await stat(".");
    await say({ type: "result", result: "seen" });
    leave();`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program, hanging], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const said: unknown[] = [];
  child.on("message", (message) => said.push(message));
  const limit = setTimeout(() => child.kill("SIGTERM"), 20_000);
  const signal = await new Promise((resolve) => child.once("exit", (_code, signal) => resolve(signal)));
  clearTimeout(limit);
  expect([signal, said]).toEqual(["SIGKILL", [{ type: "result", result: "seen" }]]);
});
