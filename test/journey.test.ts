import { existsSync } from "node:fs";
import { copyFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { sleep, until } from "../src/base/clock.ts";
import { mirrorFile, readMirrorFile } from "../src/library/mirror-file.ts";
import { askedAgain } from "./support/asked-again.ts";
import { Instance } from "./support/instance.ts";
import { kill } from "./support/kill.ts";

// Several of them wait for what was killed to be whole again.
vi.setConfig({ testTimeout: 180_000 });

/** The thread from end to end, as a user walks it: through the command line and an application's HTTP. */
describe("from an empty home to a fetch that survives PostgreSQL's death", () => {
  let instance: Instance;
  let url: string;
  let key: string;

  beforeAll(async () => {
    instance = await Instance.make();
    url = await instance.start();
  });

  afterAll(async () => await instance.remove());

  const headers = () => ({ authorization: `Bearer ${key}` });
  const fetchByLabel = async () =>
    await fetch(`${url}/api/prompts/team%2Fwelcome?label=production`, { headers: headers() });
  const askedOnce = async () => {
    const response = await fetchByLabel();
    const body = await response.text();
    return response.ok ? "answered" : `${response.status} ${body}`;
  };
  const save = async (text: string) =>
    await fetch(`${url}/api/prompts`, {
      method: "POST",
      headers: { ...headers(), "content-type": "application/json" },
      body: JSON.stringify({ name: "team/welcome", text }),
    });

  it("tells the first administrator's password once", () => {
    expect(instance.printed).toMatch(/user name {2}admin\n.*password {3}\S{23}\n/);
  });

  it("imports a file of prompts, and a second time finds nothing new", async () => {
    const rows = Array.from(
      { length: 300 },
      (_, n) => `"Prompt ${n}","Act as number ${n},\nsay ""yes"".",FALSE,TEXT\n`,
    );
    const file = join(instance.directory, "prompts.csv");
    await writeFile(file, `act,prompt,for_devs,type\n${rows.join("")}`);
    const first = await instance.run(["import", file, "--json"]);
    expect(first.code, first.stderr).toBe(0);
    expect(JSON.parse(first.stdout).summary).toMatchObject({ created: 300, rejected: 0 });
    const second = await instance.run(["import", file, "--json"]);
    expect(JSON.parse(second.stdout).summary).toMatchObject({ created: 0, updated: 0, unchanged: 300 });
  });

  it("saves a version with a label, which an application fetches with an API key", async () => {
    const pushed = await instance.run(["push", "team/welcome", "--label", "production"], { input: "Hello {{name}}" });
    expect(pushed).toMatchObject({ code: 0, stdout: expect.stringContaining("version 1") });
    const created = await instance.run(["key", "create", "app", "--scope", "read", "--scope", "write"]);
    key = created.stdout.trim();
    expect(key).toMatch(/^plk_/);
    const response = await fetchByLabel();
    expect(response.status).toBe(200);
    expect(response.headers.get("x-served-from")).toBeNull();
    expect(await response.json()).toMatchObject({ name: "team/welcome", version: 1, text: "Hello {{name}}" });
  });

  it("keeps variables and configuration of a prompt that is printed, edited and pushed again", async () => {
    const file = join(instance.directory, "interview.csv");
    await writeFile(file, 'act,prompt,for_devs,type\nInterview,"For ${Position:Engineer}",TRUE,TEXT\n');
    await instance.run(["import", file]);
    const { stdout } = await instance.run(["get", "Interview"]);
    const pushed = await instance.run(["push", "Interview", "--config", '{"temperature":0}'], { input: `${stdout}!` });
    expect(pushed).toMatchObject({ code: 0, stdout: expect.stringContaining("version 2") });
    await instance.run(["push", "Interview"], { input: `${stdout}?` });
    expect(JSON.parse((await instance.run(["get", "Interview", "--json"])).stdout)).toMatchObject({
      version: 3,
      text: "For {{Position}}?",
      variables: { Position: { default: "Engineer" } },
      config: { temperature: 0 },
      tags: ["for-devs"],
    });
  });

  it("saves what a file of the mirror holds, not the file, and refuses it under another name", async () => {
    const path = mirrorFile(instance.home.prompts, "default", "Interview");
    const isThere = async () => (await readMirrorFile(path))?.newest === 3;
    expect(await until(isThere, { timeout: 20_000 })).toBe(true);
    const file = join(instance.directory, "interview.json");
    await copyFile(path, file);
    await instance.run(["push", "Interview", "--config", "{}"], { input: "A mistake." });
    expect(await instance.run(["push", "Interview 2", file])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("holds “Interview”, not “Interview 2”"),
    });
    const pushed = await instance.run(["push", "Interview", file]);
    expect(pushed).toMatchObject({ code: 0, stdout: "Interview: saved version 5\n" });
    expect(JSON.parse((await instance.run(["get", "Interview", "--json"])).stdout)).toMatchObject({
      text: "For {{Position}}?",
      variables: { Position: { default: "Engineer" } },
      config: { temperature: 0 },
    });
  });

  it("renders on the command line, with warnings apart, and says where values are wrong", async () => {
    const render = (...rest: string[]) => instance.run(["render", "team/welcome", "--label", "production", ...rest]);
    expect(await render("--var", "name=Ada", "--var", "nmae=Bob")).toMatchObject({
      code: 0,
      stdout: "Hello Ada",
      stderr: expect.stringContaining("“nmae” was given, and nothing in the prompt uses it"),
    });
    const file = join(instance.directory, "values.json");
    await writeFile(file, '{"name": "Eva"}');
    const asMessages = await render("--vars", file, "--format", "anthropic", "--json");
    expect(JSON.parse(asMessages.stdout).output).toEqual({ messages: [{ role: "user", content: "Hello Eva" }] });
    expect(await instance.run(["render", "Interview", "--format", "anthropic", "--version", "9"])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("version_not_found"),
    });
  });

  it("hands the instance from its first operator to another, but never to nobody", async () => {
    await instance.run(["user", "add", "ada"]);
    expect(await instance.run(["user", "operator", "ada"])).toMatchObject({ code: 0, stdout: "ada is operator.\n" });
    expect(await instance.run(["user", "operator", "admin", "--remove"])).toMatchObject({ code: 0 });
    expect(await instance.run(["user", "operator", "ada", "--remove"])).toMatchObject({
      code: 5,
      stderr: expect.stringContaining("last_operator"),
    });
  });

  it("goes on answering the fetch when PostgreSQL is killed, refuses writes with a sentence, and mends itself", async () => {
    // Kept from coming back at once: a guard that is stopped cannot start it again.
    const { guard, postgres } = await instance.processes();
    kill(guard, "SIGSTOP");
    kill(postgres, "SIGKILL");

    const fromMirror = await until(
      async () => {
        const response = await fetchByLabel();
        expect(response.status).toBe(200);
        expect(await response.json()).toMatchObject({ version: 1, text: "Hello {{name}}" });
        return response.headers.get("x-served-from") === "mirror";
      },
      { timeout: 30_000 },
    );
    expect(fromMirror).toBe(true);
    const refused = await save("Good evening {{name}}");
    expect(refused.status).toBe(503);
    expect(refused.headers.get("retry-after")).toBe("1");
    expect(await refused.json()).toMatchObject({
      error: { code: "database_unavailable", message: expect.stringContaining("reading goes on") },
    });
    expect(await fetch(`${url}/api/system/health`).then((response) => response.json())).toMatchObject({
      status: "degraded",
    });
    const listed = await instance.run(["list", "--json", "--limit", "3"]);
    expect(JSON.parse(listed.stdout).items).toHaveLength(3);

    kill(guard, "SIGCONT");
    const saved = await until(async () => (await save("Good evening {{name}}")).status === 201, {
      timeout: 60_000,
      every: 100,
    });
    expect(saved).toBe(true);
    await instance.healthy(url);
    expect(await (await fetchByLabel()).json()).toMatchObject({ version: 1, newest: 2 });
  });

  it("answers every fetch while each other process is killed in turn, and everything is whole again", async () => {
    let asking = true;
    const answers: string[] = [];
    const asked = (async () => {
      while (asking) {
        answers.push(await askedAgain(askedOnce).catch((error: Error) => `not answered: ${error.cause}`));
        await sleep(5);
      }
    })();
    for (const name of ["serve", "guard", "supervisor", "postgres"] as const) {
      const before = await instance.processes();
      kill(before[name], "SIGKILL");
      const mended = await until(
        async () => {
          const now = await instance.processes();
          return now[name] !== before[name] && Object.values(now).every((pid) => pid > 0);
        },
        { timeout: 60_000 },
      );
      expect(mended, `${name} is running again`).toBe(true);
      await instance.healthy(url);
    }
    asking = false;
    await asked;
    expect(answers.length).toBeGreaterThan(100);
    expect(new Set(answers)).toEqual(new Set(["answered"]));
  });

  it("starts again where it was left after all was killed at once", async () => {
    for (const pid of Object.values(await instance.processes())) kill(pid, "SIGKILL");
    url = await instance.start();
    expect(instance.printed).not.toContain("password");
    expect(await (await fetchByLabel()).json()).toMatchObject({ version: 1, newest: 2 });
    expect(await instance.stop()).toBe(0);
  });
});

const realPrompts = fileURLToPath(
  new URL("../../shared/data/awesome-chatgpt-prompts/prompts_2026-03-20.csv", import.meta.url),
);

describe.skipIf(!existsSync(realPrompts))("with the real list of prompts, where it lies beside the clone", () => {
  let instance: Instance;

  beforeAll(async () => {
    instance = await Instance.make();
    await instance.start();
  });

  afterAll(async () => await instance.remove());

  it("imports all of them, and of an older state and the newer one exactly the differences become versions", async () => {
    const older = realPrompts.replace("2026-03-20", "2026-02-22");
    const summaryOf = async (file: string) =>
      JSON.parse((await instance.run(["import", file, "--json"])).stdout).summary as Record<string, number>;
    const first = await summaryOf(older);
    expect(first).toMatchObject({ created: 1281, rejected: 0 });
    const second = await summaryOf(realPrompts);
    const { created = 0, updated = 0, unchanged = 0, twin = 0, missing = 0 } = second;
    expect(created + updated + unchanged + twin).toBe(1528);
    expect(second).toMatchObject({ rejected: 0, twin: 16 });
    // Everything of the older file is in the newer one, changed or not, or reported as missing.
    expect(updated + unchanged + missing).toBe(1281);
    const versions = Number(
      (await instance.run(["list", "--json", "--all"])).stdout.match(/"newest": ?2/g)?.length ?? 0,
    );
    expect(versions).toBe(updated);
    expect(await summaryOf(realPrompts)).toMatchObject({ created: 0, updated: 0, unchanged: 1512 });
  });
});
