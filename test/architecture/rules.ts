/**
 * The rules of the house: which room may import which, and why not. docs/architecture.md shows the same table.
 *
 * Floors only import downwards; what is not listed is refused, so a new room must be entered here first.
 */
import { readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join, posix, relative } from "node:path";
import { anyTypesIn, importsOf, tokensOf } from "./tokens.ts";

interface Room {
  floor: number;
  mayImport: readonly string[];
  /** Said when someone imports what is not listed. */
  why: string;
  /** Runs in a browser, too: nothing of Node, and only these packages. */
  browserSafe?: { packages: readonly string[] };
}

export const rooms: Readonly<Record<string, Room>> = {
  contract: {
    floor: 0,
    mayImport: [],
    why: "it is the words that everybody shares, so it depends on nobody",
    browserSafe: { packages: ["zod"] },
  },
  base: {
    floor: 1,
    mayImport: ["contract"],
    why: "it is the ground under the rest: it knows nothing about prompts or PostgreSQL",
  },
  prompt: {
    floor: 1,
    mayImport: ["contract"],
    why: "the rules of prompts are pure: no disk, no clock, no database, and pages use them, too",
    browserSafe: { packages: ["canonicalize", "diff"] },
  },
  sdk: {
    floor: 2,
    mayImport: ["prompt", "contract"],
    why: "applications and pages load the client: it brings along nothing of the server or of this machine",
    browserSafe: { packages: [] },
  },
  postgres: {
    floor: 2,
    mayImport: ["base", "contract"],
    why: "it runs PostgreSQL as a program and does not care what is kept in it",
  },
  database: {
    floor: 3,
    mayImport: ["postgres", "base", "contract"],
    why: "it keeps rows, migrations and the change feed; what they mean is decided in library/",
  },
  recovery: {
    floor: 3,
    mayImport: ["postgres", "base", "contract"],
    why: "it restores whatever is in a PostgreSQL, also where nothing of the library can be read",
  },
  library: {
    floor: 4,
    mayImport: ["database", "prompt", "base", "contract"],
    why: "what a library does must not depend on how it is asked (HTTP, command line) or on where PostgreSQL runs",
  },
  server: {
    floor: 5,
    mayImport: ["library", "database", "sdk", "prompt", "base", "contract"],
    why: "it reaches PostgreSQL through database/ and the guardian by HTTP only",
  },
  guardian: {
    floor: 5,
    mayImport: ["recovery", "sdk", "postgres", "base", "contract"],
    why: "it must run when the server and the library's tables cannot be used",
  },
  web: {
    floor: 5,
    mayImport: ["sdk", "prompt", "contract"],
    why: "pages stand on the client, so that they can do nothing that an application cannot",
    browserSafe: { packages: ["react", "react-dom"] },
  },
  cli: {
    floor: 6,
    mayImport: ["server", "guardian", "recovery", "sdk", "postgres", "prompt", "base", "contract"],
    why: "everything about prompts goes through sdk/, so that the command line can do nothing that others cannot",
  },
};

const LONGEST_FILE = 300;

/** Tables are looked up, not read through: a row more makes none of the others harder. */
const tables: Readonly<Record<string, number>> = { "contract/errors.ts": 540, "contract/routes.ts": 540 };

export interface Source {
  /** Relative to src/, with slashes: `server/app.ts`. */
  path: string;
  text: string;
}

/** The sources of a tree, without tests and what only tests use. */
export function sourcesBelow(root: string): Source[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.[cm]?[jt]sx?$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll("\\", "/"))
    .filter((path) => !/\.test\.tsx?$|(^|\/)testing\//.test(path))
    .sort()
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
}

/** Everything that is against the rules, in sentences that say which rule and why. */
export function faultsOf(sources: readonly Source[]): string[] {
  const known = new Set(sources.map(({ path }) => path));
  const graph = new Map<string, string[]>();
  const faults: string[] = [];
  for (const { path, text } of sources) {
    try {
      const tokens = tokensOf(text, { markup: path.endsWith(".tsx") });
      const targets: string[] = [];
      for (const { from, line } of importsOf(tokens)) {
        const target = from.startsWith(".") ? posix.join(posix.dirname(path), from) : null;
        if (target !== null && known.has(target)) targets.push(target);
        const fault = faultOfImport(path, from, target, known);
        if (fault) faults.push(`src/${path}:${line} ${fault}`);
      }
      graph.set(path, targets);
      for (const line of anyTypesIn(tokens)) faults.push(`src/${path}:${line} says \`any\`: it turns the checks off`);
    } catch (error) {
      faults.push(`src/${path} cannot be read: ${error instanceof Error ? error.message : error}`);
    }
    const lines = text.trimEnd().split("\n").length;
    const longest = tables[path] ?? LONGEST_FILE;
    if (lines > longest) faults.push(`src/${path} has ${lines} lines: over ${longest} it is two files`);
  }
  return [...faults, ...cyclesIn(graph).map((cycle) => `cycle: ${cycle.map((path) => `src/${path}`).join(" → ")}`)];
}

function faultOfImport(path: string, from: string, target: string | null, known: Set<string>): string | null {
  const home = roomOf(path);
  const room = Object.hasOwn(rooms, home) ? rooms[home] : undefined;
  if (!room) return `lies in no room of the table: enter src/${home} in test/architecture/rules.ts first`;
  if (target === null) return faultOfPackage(home, room, from);
  if (target.startsWith("../")) return `imports ${from}, which lies outside of src/`;
  if (!known.has(target)) return `imports ${from}: there is no such source (imports name the file, with .ts)`;
  const other = roomOf(target);
  if (other === home || room.mayImport.includes(other)) return null;
  const allowed = room.mayImport.length === 0 ? "nothing" : room.mayImport.join(", ");
  return `imports ${from}: ${home} ↛ ${other}. ${home}/ may import ${allowed}, because ${room.why}`;
}

function faultOfPackage(home: string, room: Room, from: string): string | null {
  if (!room.browserSafe) return null;
  const [first = "", second = ""] = from.split("/");
  const name = first.startsWith("@") ? `${first}/${second}` : first;
  if (from.startsWith("node:") || builtinModules.includes(name)) {
    return `imports ${from}: ${home}/ runs in browsers, too, where there is no Node`;
  }
  if (room.browserSafe.packages.includes(name)) return null;
  return `imports ${from}: ${home}/ runs in browsers, too; check that this package does and enter it in the rules`;
}

function roomOf(path: string): string {
  return path.includes("/") ? (path.split("/")[0] ?? "") : dirname(path);
}

/** Each cycle once, as the files on the way and the first again. Types count: a cycle of types is hard to read, too. */
function cyclesIn(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const cycles: string[][] = [];
  const done = new Set<string>();
  const visit = (path: string, way: readonly string[]) => {
    const seen = way.indexOf(path);
    if (seen >= 0) cycles.push([...way.slice(seen), path]);
    if (seen >= 0 || done.has(path)) return;
    for (const target of graph.get(path) ?? []) visit(target, [...way, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  return cycles;
}
