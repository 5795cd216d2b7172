import { cpSync, existsSync } from "node:fs";
import fs, { cp, mkdir, mkdtemp, open, readdir, readFile, rename, rm, unlink, writeFile } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Incarnation, readIncarnation, writeIncarnation } from "./incarnation.ts";
import {
  carryOutSwap,
  confirmSwap,
  finishSwap,
  type Ground,
  isSwapping,
  prepareStart,
  revertSwap,
  type Swap,
} from "./swap.ts";

/** What changes files, in the code under test. */
const DEEDS = { mkdir, open, rename, rm, unlink };

/** The deeds as they are, each after `before`. */
function watched(before: () => void): object {
  return Object.fromEntries(
    Object.entries(DEEDS).map(([name, deed]) => [
      name,
      (...args: unknown[]) => {
        before();
        return Reflect.apply(deed, fs, args);
      },
    ]),
  );
}

function putInPlace(deeds: object): void {
  Object.assign(fs, deeds);
  // For everyone who imported them by name.
  syncBuiltinESMExports();
}

/** The homes that a kill between two file operations leaves behind, from before the first to after the last. */
async function killedAtEachStep(deed: () => Promise<unknown>): Promise<string[]> {
  const states: string[] = [];
  const keep = () => {
    const copy = `${home}-killed-${states.length}`;
    cpSync(home, copy, { recursive: true });
    states.push(copy);
  };
  putInPlace(watched(keep));
  try {
    await deed();
  } finally {
    putInPlace(DEEDS);
  }
  keep();
  return states;
}

const BEFORE: Incarnation = { library: "l", incarnation: "aaaaaaaa", systemId: "1", from: null, replaces: [] };
const AFTER: Incarnation = {
  ...BEFORE,
  incarnation: "bbbbbbbb",
  from: { incarnation: "aaaaaaaa", timeline: 1, lsn: "0/3" },
};
const SWAP: Swap = { fresh: "rebuild-1", old: "before-1", incarnation: AFTER, before: BEFORE, report: { target: "x" } };
/** As the journal says it. */
const IN = { format: 1, direction: "in", unconfirmed: false, control: null, ...SWAP };

let home: string;
let ground: Ground;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "promptlib-swap-"));
  ground = { root: join(home, "postgres"), recovery: join(home, "recovery") };
  await mkdir(ground.root);
  await mkdir(ground.recovery);
  await writeIncarnation(ground.recovery, BEFORE);
  await makeData("rebuild-1/data", "new");
});
afterEach(() => rm(home, { recursive: true, force: true }));

async function makeData(path: string, content: string, { root } = ground): Promise<void> {
  await mkdir(join(root, path), { recursive: true });
  await writeFile(join(root, path, "PG_VERSION"), content);
}

/** What is in the place of the data directory, and whose WAL is received. */
async function state({ root, recovery } = ground) {
  const what = async (path: string) => await readFile(join(root, path, "PG_VERSION"), "utf8").catch(() => null);
  const { incarnation } = (await readIncarnation(recovery)) ?? { incarnation: null };
  return { data: await what("data"), old: await what("before-1/data"), incarnation };
}

const NEW = { data: "new", old: "old", incarnation: "bbbbbbbb" };
const OLD = { data: "old", old: null, incarnation: "aaaaaaaa" };

describe("a swap", () => {
  it("puts the restored state in place, keeps the old one and begins the new life; then PostgreSQL is to answer", async () => {
    await makeData("data", "old");
    await carryOutSwap(ground, SWAP);
    expect(await state()).toEqual(NEW);
    expect(await isSwapping(ground)).toBe(true);
    await finishSwap(ground);
    expect(await state()).toEqual(NEW);
    expect(await confirmSwap(ground)).toEqual({ report: { target: "x" } });
    expect(await confirmSwap(ground)).toBeNull();
    expect(await isSwapping(ground)).toBe(false);
    expect(await revertSwap(ground)).toBeNull();
    expect(await state()).toEqual(NEW);
  });

  it("where there was no data directory has nothing to keep, and nothing to take back", async () => {
    await carryOutSwap(ground, SWAP);
    expect(await state()).toEqual({ ...NEW, old: null });
    expect(await revertSwap(ground)).toBeNull();
    expect(await state()).toEqual({ ...NEW, old: null });
    expect(await confirmSwap(ground)).not.toBeNull();
  });

  it("is taken back with the old life, and the restored state is where it was made", async () => {
    await makeData("data", "old");
    await carryOutSwap(ground, SWAP);
    expect(await revertSwap(ground)).toBe(join(ground.root, "rebuild-1"));
    expect(await state()).toEqual(OLD);
    expect(await readFile(join(ground.root, "rebuild-1/data/PG_VERSION"), "utf8")).toBe("new");
    expect(existsSync(join(ground.root, "swap.json"))).toBe(false);
  });

  describe("on which PostgreSQL came up", () => {
    beforeEach(async () => {
      await makeData("data", "old");
      await mkdir(join(ground.root, "rebuild-1/data/global"));
      await writeFile(join(ground.root, "rebuild-1/data/global/pg_control"), "shut down");
      await carryOutSwap(ground, SWAP);
      await prepareStart(ground);
      await writeFile(join(ground.root, "data/global/pg_control"), "in production");
    });

    it("and yet cannot be used is taken back, and kept: somebody may have written to it", async () => {
      const kept = await revertSwap(ground);
      expect(kept).toMatch(/\/reverted-\w+$/);
      expect(await readFile(join(kept ?? "", "data/PG_VERSION"), "utf8")).toBe("new");
      expect(await state()).toEqual(OLD);
    });

    it("although nobody said so, is not taken back by a later start that fails, and its report is still to be made", async () => {
      await prepareStart(ground);
      expect(await revertSwap(ground)).toBeNull();
      expect(await state()).toEqual(NEW);
      expect(await confirmSwap(ground)).toEqual({ report: { target: "x" } });
    });
  });

  it("that nobody began leaves everything as it is", async () => {
    await makeData("data", "old");
    await finishSwap(ground);
    expect(await state()).toEqual(OLD);
  });

  it.each(["{", '"x"', '{"format":2}', JSON.stringify({ ...IN, replaces: true, old: "../../etc" })])(
    "whose journal says %s is left to a human, with everything where it is",
    async (text) => {
      await makeData("data", "old");
      await writeFile(join(ground.root, "swap.json"), text);
      await expect(finishSwap(ground)).rejects.toMatchObject({ code: "restore_failed" });
      expect(await state()).toEqual(OLD);
    },
  );
});

describe("a swap that was killed", () => {
  const comesIn = async () => await carryOutSwap(ground, SWAP);
  const goesBack = async () => await revertSwap(ground);

  it.each([
    ["a restored state comes in", comesIn, "old", NEW],
    ["one comes in where there was none", comesIn, null, { ...NEW, old: null }],
    ["the old state comes back", goesBack, "old", OLD],
  ] as const)("after any of its steps, while %s, is finished at the next start", async (_what, deed, data, end) => {
    if (data) await makeData("data", data);
    if (deed === goesBack) await comesIn();
    const there = await state();
    const states = await killedAtEachStep(deed);
    expect(states.length).toBeGreaterThan(6);
    const begun = new Set<boolean>();
    for (const copy of states) {
      const place = { root: join(copy, "postgres"), recovery: join(copy, "recovery") };
      const journal = await readFile(join(place.root, "swap.json"), "utf8").catch(() => "null");
      const isBegun = JSON.parse(journal)?.unconfirmed === false;
      await finishSwap(place);
      const after = await state(place);
      // Either nothing had begun, or everything is done.
      expect(isBegun ? [end] : [there, end]).toContainEqual(after);
      begun.add(after.data === end.data);
      await finishSwap(place);
      expect(await state(place)).toEqual(after);
      if (after.data === "new") expect(await confirmSwap(place)).not.toBeNull();
      expect(await readdir(place.root)).not.toContain("swap.json");
      await rm(copy, { recursive: true });
    }
    expect(begun).toEqual(new Set([true, false]));
  });
});

describe("a swap that met an error, and whose restored state was then removed,", () => {
  /** As it lies after this many of its moves. */
  async function stopped(moves: number): Promise<void> {
    const journal = { ...IN, replaces: existsSync(join(ground.root, "data")) };
    await writeFile(join(ground.root, "swap.json"), JSON.stringify(journal));
    if (moves > 0) {
      await mkdir(join(ground.root, "before-1"));
      await rename(join(ground.root, "data"), join(ground.root, "before-1/data"));
    }
    if (moves > 1) await rename(join(ground.root, "rebuild-1/data"), join(ground.root, "data"));
    await rm(join(ground.root, "rebuild-1"), { recursive: true });
  }

  it.each([0, 1])("after %i moves goes on with the old state and its life", async (moves) => {
    await makeData("data", "old");
    await stopped(moves);
    await finishSwap(ground);
    expect(await state()).toEqual(OLD);
  });

  it("after both moves is complete", async () => {
    await makeData("data", "old");
    await stopped(2);
    await finishSwap(ground);
    expect(await state()).toEqual(NEW);
  });

  it("where there was no data directory leaves none, and no new life", async () => {
    await stopped(0);
    await finishSwap(ground);
    expect(await state()).toEqual({ data: null, old: null, incarnation: "aaaaaaaa" });
  });
});

it("a swap that two finish at once, a job that lost its guardian and the next guardian, ends in the new state", async () => {
  await makeData("data", "old");
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 3 }), async (more) => {
      const copy = await mkdtemp(join(tmpdir(), "promptlib-swap-two-"));
      try {
        await cp(home, copy, { recursive: true });
        const place = { root: join(copy, "postgres"), recovery: join(copy, "recovery") };
        const others = Array.from({ length: more }, () => finishSwap(place));
        await Promise.allSettled([carryOutSwap(place, SWAP), ...others]);
        await finishSwap(place);
        expect(await state(place)).toEqual(NEW);
      } finally {
        await rm(copy, { recursive: true });
      }
    }),
    { numRuns: 3 },
  );
});
