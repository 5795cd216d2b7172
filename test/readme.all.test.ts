import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../src/base/clock.ts";
import { homeAt } from "../src/base/config.ts";
import { stopLeftOver } from "../src/postgres/cluster.ts";
import { temporaryDirectory } from "./support/cluster.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The commands of "First steps", each with what the README says it prints (`…` stands for anything). */
const steps = firstSteps(readFileSync(join(root, "README.md"), "utf8"));
const ADDRESS = "http://127.0.0.1:8000";

function firstSteps(readme: string): { commands: string; printed: string }[] {
  const section = readme.split("\n## First steps\n")[1]?.split("\n## ")[0] ?? "";
  return [...section.matchAll(/^```sh\n([\s\S]*?)^```\n```text\n([\s\S]*?)^```/gm)].map(([, commands, printed]) => ({
    commands: commands ?? "",
    printed: printed ?? "",
  }));
}

describe("the first steps of the README", () => {
  let directory: string;
  let stop: () => Promise<void>;
  let url: string;

  beforeAll(async () => {
    directory = await temporaryDirectory();
    await symlink(join(root, "bin"), join(directory, "bin"));
    const env = { PATH: process.env.PATH ?? "", PORT: "0", GUARDIAN_PORT: "0" };
    const up = spawn("./bin/promptlib", ["up"], { cwd: directory, env });
    const closed = once(up, "close");
    let printed = "";
    for (const stream of [up.stdout, up.stderr]) stream.on("data", (data) => (printed += data));
    stop = async () => {
      up.kill("SIGTERM");
      await closed;
      await stopLeftOver(homeAt(join(directory, "promptlib-home")));
    };
    const found = await until(() => /ready at (\S+)/.exec(printed)?.[1], { timeout: 50_000 });
    if (!found) throw new Error(`it did not start: ${printed}`);
    url = found;
    await until(async () => (await (await fetch(`${url}/api/system/health`)).text()).includes('"healthy"'), {
      timeout: 30_000,
    });
    // Whoever reads the first steps is slower than the first backup, and a second one beside it is refused.
    const printedBy = async (...args: string[]) => {
      const ran = promisify(execFile)("./bin/promptlib", [...args, "--json"], { cwd: directory });
      return JSON.parse((await ran.catch((error: { stdout: string }) => error)).stdout);
    };
    const settled = async () =>
      (await printedBy("info")).backups.length > 0 && (await printedBy("status")).job === null;
    expect(await until(settled, { timeout: 60_000, every: 500 })).toBe(true);
  });

  afterAll(async () => {
    await stop();
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  });

  it("work as printed, one after the other in one shell", async () => {
    expect(steps.length).toBeGreaterThan(4);
    const between = "---next step---";
    const script = steps.map(({ commands }) => commands.replaceAll(ADDRESS, url)).join(`\necho; echo '${between}'\n`);
    const shell = spawn("bash", ["-euo", "pipefail"], { cwd: directory, env: { PATH: process.env.PATH ?? "" } });
    let stdout = "";
    let stderr = "";
    shell.stdout.on("data", (data) => (stdout += data));
    shell.stderr.on("data", (data) => (stderr += data));
    shell.stdin.end(script);
    const [code] = await once(shell, "close");
    expect(code, stderr).toBe(0);
    const outputs = stdout.split(between);
    for (const [index, { commands, printed }] of steps.entries()) {
      expect(withoutHalfRecord(outputs[index]?.trim() ?? ""), commands).toMatch(pattern(printed));
    }
  });
});

/**
 * PostgreSQL writes whole pages first: of a record that goes over two, what is before the first commit behind it may be all
 * there is when its files go. A restore says so, as it cannot know that the record was none of anybody's.
 */
function withoutHalfRecord(output: string): string {
  const half =
    /lost {6}\d{1,4} bytes of WAL, [^\n]*\n([\s\S]*?)\n {2}note {6}WAL is there up to 0\/\w*[02468ACE]000, [^\n]*never finished[^\n]*/;
  return output.replace(half, "lost      nothing that PostgreSQL was seen to write\n$1");
}

function pattern(printed: string): RegExp {
  const parts = printed.trim().split(/\n?…\n?/);
  return new RegExp(
    `^${parts.map((part) => part.trim().replaceAll(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")).join("[\\s\\S]*")}$`,
  );
}
