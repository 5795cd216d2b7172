import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { keepReport, readReports } from "./reports.ts";

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "promptlib-reports-"));
});
afterEach(() => rm(home, { recursive: true, force: true }));

const AT = "2026-11-22T06:00:00.500Z";

describe("reports", () => {
  it("are files for their owner alone, named by their time", async () => {
    await keepReport(home, "drills", { at: AT });
    expect(await readdir(join(home, "drills"))).toEqual(["20261122T060000Z.json"]);
    expect((await stat(join(home, "drills"))).mode & 0o777).toBe(0o700);
    expect((await stat(join(home, "drills/20261122T060000Z.json"))).mode & 0o777).toBe(0o600);
  });

  it("come oldest first, also those of one second, of which there may be more than ten", async () => {
    await keepReport(home, "restores", { at: "2026-11-22T06:00:01.000Z" });
    for (let number = 0; number < 12; number++)
      await keepReport(home, "restores", { at: AT, number } as { at: string });
    await keepReport(home, "restores", { at: "2026-11-22T05:59:59.000Z" });
    const numbers = (await readReports(home, "restores")).map(({ number }) => number);
    expect(numbers).toEqual([undefined, ...Array(12).keys(), undefined]);
  });

  it("that are torn or another's are passed over, and where there are none is nothing", async () => {
    expect(await readReports(home, "drills")).toEqual([]);
    await keepReport(home, "drills", { at: AT });
    await mkdir(join(home, "restores"));
    for (const [name, text] of [
      ["a.json", '{"at": "20'],
      ["b.json", "[]"],
      ["c.json", "null"],
      ["d.txt", '{"at":"x"}'],
    ]) {
      await writeFile(join(home, "drills", name ?? ""), text ?? "");
    }
    expect(await readReports(home, "drills")).toEqual([{ at: AT }]);
    expect(await readReports(home, "restores")).toEqual([]);
  });

  it("of two at the same time are both kept", async () => {
    await Promise.all([1, 2, 3].map(async () => await keepReport(home, "drills", { at: AT })));
    expect(await readReports(home, "drills")).toHaveLength(3);
  });
});
