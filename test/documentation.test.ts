import { existsSync, readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { describe, expect, it } from "vitest";
import { pages } from "../docs/generate.ts";
import { programFor } from "../src/cli/program.ts";
import { READINESS_CODES, type Readiness } from "../src/contract/recovery.ts";
import { routes } from "../src/contract/routes.ts";
import { GuardianMetrics } from "../src/guardian/metrics.ts";
import { openApi } from "../src/server/openapi.ts";
import { rooms } from "./architecture/rules.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (path: string) => readFileSync(join(root, path), "utf8");

describe("a page that is printed from the code", () => {
  for (const [path, page] of Object.entries(pages)) {
    it(`says what the code says: ${path} (else run: bin/dev docs)`, () => {
      expect(read(path)).toBe(page());
    });
  }
});

describe("docs/architecture.md", () => {
  it("shows the table of rooms that the layer test enforces", () => {
    const shown = [...read("docs/architecture.md").matchAll(/^\| (\d) +\| `(\w+)\/` +\| .* \| ([\w, ]+?) +\|$/gm)].map(
      ([, floor, name, imports]) => [name, Number(floor), imports === "nothing" ? [] : imports?.split(", ")],
    );
    const enforced = Object.entries(rooms).map(([name, { floor, mayImport }]) => [name, floor, mayImport]);
    expect(shown).toEqual(enforced);
  });

  it("fits on one page", () => {
    expect(read("docs/architecture.md").split("\n").length).toBeLessThan(160);
  });
});

describe("docs/recovery.md", () => {
  const names = (heading: string) => {
    const [, section = ""] = read("docs/recovery.md").split(`\n## ${heading}\n`);
    const rows = (section.split("\n## ")[0] ?? "").split("\n").filter((line) => line.startsWith("| `"));
    return rows.flatMap((row) => [...(row.split("|")[1] ?? "").matchAll(/`(\w+)/g)].map(([, name]) => name)).sort();
  };

  it("has every reason of readiness", () => {
    expect(names("Readiness")).toEqual(READINESS_CODES.toSorted());
  });

  it("has every metric of the guardian", async () => {
    const { registry } = new GuardianMetrics({ postgres: null, readiness: () => ({}) as Readiness });
    const ours = registry.getMetricsAsArray().map(({ name }) => name);
    expect(names("Metrics")).toEqual(ours.filter((name) => name.startsWith("promptlib_")).sort());
  });
});

describe("docs/accounts.md", () => {
  it("has every action that the library writes into the audit log", async () => {
    const [, section = ""] = read("docs/accounts.md").split("\n| action |");
    const rows = section.split("\n").filter((line) => line.startsWith("| `"));
    const told = rows.flatMap((row) =>
      [...(row.split("|")[1] ?? "").matchAll(/`([a-z.-]+)`/g)].map(([, name]) => name),
    );
    const sources = await readdir(join(root, "src/library"), { recursive: true });
    const written = sources
      .filter((path) => path.endsWith(".ts") && !path.endsWith(".test.ts"))
      .flatMap((path) => [...read(join("src/library", path)).matchAll(/\baction: ([^,}]+)/g)])
      .flatMap(([, value = ""]) => [...value.matchAll(/"([a-z.-]+)"/g)].map(([, name]) => name));
    expect(told.sort()).toEqual([...new Set(written)].sort());
  });
});

describe("the links between the pages", () => {
  it("lead somewhere", async () => {
    const files = await readdir(join(root, "docs"), { recursive: true });
    const all = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", ...files.map((file) => `docs/${file}`)];
    const dead = all
      .filter((path) => path.endsWith(".md"))
      .flatMap((path) =>
        [...read(path).matchAll(/\]\((?!https?:)([^)#\s]+)/g)]
          .map(([, target]) => resolve(root, dirname(path), target ?? ""))
          .filter((target) => !existsSync(target))
          .map((target) => `${path} → ${target}`),
      );
    expect(dead).toEqual([]);
  });
});

describe("OpenAPI", () => {
  it("has every route of the table", () => {
    const described: { paths: Record<string, Record<string, { operationId: string }>> } = JSON.parse(
      JSON.stringify(openApi()),
    );
    for (const [id, { method, path }] of Object.entries(routes)) {
      expect(described.paths[path]?.[method.toLowerCase()]?.operationId, id).toBe(id);
    }
  });
});

describe("the command line's help", () => {
  it("tells for every verb what it does, what each option is for, and an example", async () => {
    const verbs = verbsOf(await programFor());
    expect(verbs.map((verb) => verb.name())).toContain("import");
    for (const verb of verbs) expectComplete(verb, ["promptlib"]);
  });
});

/** A verb that has verbs of its own is complete when they are. */
function expectComplete(verb: Command, above: string[]): void {
  const path = [...above, verb.name()];
  const name = path.join(" ");
  const text = helpOf(verb);
  expect(text, name).toMatch(/^Usage: .+\n\n[A-Z][\s\S]+?\.\n/);
  for (const line of text.matchAll(/^ {2}(-\S.*?)(?: {2,}(\S.*))?$/gm)) {
    // A long option's words begin on the next line.
    expect(
      line[2] ?? /^\s{4,}\S/m.test(text.slice((line.index ?? 0) + line[0].length)),
      `${name} ${line[1]}`,
    ).toBeTruthy();
  }
  const inner = verbsOf(verb);
  if (inner.length === 0) expect(text, name).toMatch(new RegExp(`\nExamples?:\n(  .*\n)*?  .*${name}`));
  for (const next of inner) expectComplete(next, path);
}

function verbsOf(command: Command): Command[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .filter((verb) => verb.name() !== "help");
}

function helpOf(verb: Command): string {
  let printed = "";
  verb.configureOutput({ writeOut: (text) => (printed += text) }).outputHelp();
  return printed;
}
