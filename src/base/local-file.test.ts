import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { until } from "./clock.ts";
import { type Home, homeAt } from "./config.ts";
import { keepLocalFile, readLocalFile } from "./local-file.ts";

const ADDRESS = { url: "http://127.0.0.1:8010", token: "plo_1" };

let home: Home;
beforeEach(async () => {
  home = homeAt(await mkdtemp(join(tmpdir(), "promptlib-local-")));
});
afterEach(() => rm(home.root, { recursive: true, force: true }));

describe("the file for the local operator", () => {
  it("holds address and token for its owner alone, and goes when its process does", async () => {
    await mkdir(home.run);
    const file = await keepLocalFile(home, "guardian.json", ADDRESS);
    expect(await readLocalFile(home, "guardian.json")).toEqual(ADDRESS);
    expect((await stat(join(home.run, "guardian.json"))).mode & 0o777).toBe(0o600);
    expect(await readLocalFile(home, "server.json")).toBeNull();
    await file.remove();
    expect(await readdir(home.run)).toEqual([]);
  });

  it("of a successor stays when its predecessor goes", async () => {
    await mkdir(home.run);
    const before = await keepLocalFile(home, "server.json", ADDRESS);
    await keepLocalFile(home, "server.json", { ...ADDRESS, token: "plo_2" });
    await before.remove();
    expect(await readLocalFile(home, "server.json")).toMatchObject({ token: "plo_2" });
  });

  it("that the disk does not take now is written when it does, and nobody waits for it", async () => {
    const file = await keepLocalFile(home, "server.json", ADDRESS);
    expect(await readLocalFile(home, "server.json")).toBeNull();
    await mkdir(home.run);
    expect(await until(() => readLocalFile(home, "server.json"), { timeout: 20_000 })).toEqual(ADDRESS);
    await file.remove();
  });

  it("that was never written is not waited for at the end", async () => {
    const file = await keepLocalFile(home, "server.json", ADDRESS);
    await file.remove();
    await mkdir(home.run);
    expect(await readdir(home.run)).toEqual([]);
  });

  it.each(['{"url": "http', "[]", "null", '{"url":"x"}', '{"url":1,"token":"x"}'])(
    "that says %s is none",
    async (text) => {
      await mkdir(home.run);
      await writeFile(join(home.run, "server.json"), text);
      expect(await readLocalFile(home, "server.json")).toBeNull();
      expect(await readFile(join(home.run, "server.json"), "utf8")).toBe(text);
    },
  );
});
