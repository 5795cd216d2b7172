import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ACTOR, openLibrary, type TestLibrary } from "../../test/support/library.ts";
import type { Queries, RecordedChange } from "../database/database.ts";
import { moveLabel } from "./labels.ts";
import { ReadyPrompts } from "./ready.ts";
import { renamePrompt } from "./rename.ts";
import { restorePrompt, trashPrompt } from "./trash.ts";

let library: TestLibrary;
let changes: RecordedChange[];
beforeEach(async () => {
  library = await openLibrary();
  changes = [];
  library.database.onCommit = async (made) => {
    changes.push(...made);
  };
});
afterEach(() => library.close());

const read = (ready: ReadyPrompts, name: string, db: Queries = library.database.reads, selector = {}) =>
  ready.read(db, library.project, name, selector);
const textOf = (answer: { bytes: Buffer } | undefined) => answer && JSON.parse(answer.bytes.toString()).text;
const peek = (ready: ReadyPrompts, name: string, selector = {}) => textOf(ready.peek(library.project, name, selector));

describe("prompts ready for fetching", () => {
  it("are read once and then answered from memory, each version for itself, always the same bytes", async () => {
    await library.save({ name: "a", text: "one", labels: ["production"] });
    await library.save({ name: "a", text: "two" });
    const ready = new ReadyPrompts(1e6);
    expect(peek(ready, "a")).toBeUndefined();
    const answer = await read(ready, "a");
    expect(ready.peek(library.project, "a", {})).toEqual(answer);
    expect(answer.etag).toMatch(/^"2-[\w-]{22}"$/);
    expect(peek(ready, "a", { label: "production" })).toBeUndefined();
    await read(ready, "a", library.database.reads, { label: "production" });
    expect([peek(ready, "a", { label: "production" }), peek(ready, "a", { version: 1 }), peek(ready, "a")]).toEqual([
      "one",
      "one",
      "two",
    ]);
    expect(() => ready.peek(library.project, "a", { label: "constructor" })).toThrow("has no label");
    expect(() => ready.peek(library.project, "a", { version: 3 })).toThrow("has no version 3");
  });

  it("are forgotten when a change with a higher revision comes, and not for one that they have seen", async () => {
    await library.save({ name: "a", text: "one" });
    const ready = new ReadyPrompts(1e6);
    await read(ready, "a");
    ready.forget(changes);
    expect(peek(ready, "a")).toBe("one");
    await library.save({ name: "a", text: "two" });
    ready.forget(changes);
    expect(peek(ready, "a")).toBeUndefined();
  });

  it("can be recalled after a change until the mirror holds it, for a database that goes away before", async () => {
    await library.save({ name: "a", text: "one" });
    const ready = new ReadyPrompts(1e6);
    await read(ready, "a");
    await library.save({ name: "a", text: "two" });
    ready.forget(changes);
    expect(textOf(ready.recall(library.project, "a", {})?.answer)).toBe("one");
    ready.mirrored(changes);
    expect(ready.recall(library.project, "a", {})).toBeUndefined();
    expect(ready.count).toBe(0);
  });

  it("cannot tell of a label or version that came with a change: the mirror may know it", async () => {
    await library.save({ name: "a", text: "one" });
    const ready = new ReadyPrompts(1e6);
    await read(ready, "a");
    await library.save({ name: "a", text: "two", labels: ["production"] });
    ready.forget(changes);
    for (const selector of [{ label: "production" }, { version: 2 }]) {
      expect(ready.recall(library.project, "a", selector)).toBeUndefined();
    }
  });

  it("another tag or label is another ETag", async () => {
    await library.save({ name: "a", text: "one" });
    const ready = new ReadyPrompts(1e6);
    const etags = [(await read(ready, "a")).etag];
    await moveLabel(library.database, library.project, ACTOR, "a", "production", 1);
    ready.forget(changes);
    etags.push((await read(ready, "a")).etag);
    await library.save({ name: "a", text: "one", tags: ["t"] });
    ready.forget(changes);
    etags.push((await read(ready, "a")).etag);
    expect(new Set(etags).size).toBe(3);
  });

  it.each(["a change", "a restart of everything"])(
    "a read that was under way when %s came does not store what it outdated",
    async (what) => {
      await library.save({ name: "a", text: "one" });
      const ready = new ReadyPrompts(1e6);
      const reading = read(
        ready,
        "a",
        slowed(library.database.reads, async () => {
          // After the prompt was read, before its version is.
          await library.save({ name: "a", text: "two" });
          if (what === "a change") ready.forget(changes);
          else ready.clear();
        }),
      );
      expect(textOf(await reading)).toBe("one");
      expect(peek(ready, "a")).toBeUndefined();
      const told = what === "a change" ? "one" : undefined;
      expect(textOf(ready.recall(library.project, "a", {})?.answer)).toBe(told);
    },
  );

  it("stay below the limit, however many are read", async () => {
    const limit = 64 * 1024;
    const ready = new ReadyPrompts(limit);
    for (let at = 0; at < 40; at += 1) await library.save({ name: `p${at}`, text: "x".repeat(4_000) });
    for (let at = 0; at < 40; at += 1) {
      await read(ready, `p${at}`);
      expect(ready.bytes).toBeLessThanOrEqual(limit);
    }
    expect(ready.count).toBeGreaterThan(3);
    await library.save({ name: "large", text: "x".repeat(2 * limit) });
    // Larger than all memory: answered, not kept.
    expect(textOf(await read(ready, "large"))).toHaveLength(2 * limit);
    expect(ready.bytes).toBeLessThanOrEqual(limit);
  });

  it("two prompts that exchange a name are never taken for each other", async () => {
    const ready = new ReadyPrompts(1e6);
    await library.save({ name: "a", text: "first" });
    await read(ready, "a");
    const first = await trashPrompt(library.database, library.project, ACTOR, "a");
    await library.save({ name: "a", text: "second" });
    expect(peek(ready, "a")).toBe("first");
    // Read before the changes were heard: the second takes the place of the first.
    await read(ready, "a");
    expect(peek(ready, "a")).toBe("second");
    ready.forget(changes);
    const second = await trashPrompt(library.database, library.project, ACTOR, "a");
    ready.forget(changes);
    expect(peek(ready, "a")).toBeUndefined();
    await restorePrompt(library.database, library.project, ACTOR, first.id);
    ready.forget(changes);
    expect(textOf(await read(ready, "a"))).toBe("first");
    await trashPrompt(library.database, library.project, ACTOR, "a");
    await restorePrompt(library.database, library.project, ACTOR, second.id);
    ready.forget(changes);
    expect(textOf(await read(ready, "a"))).toBe("second");
    await library.save({ name: "a", text: "second, again" });
    ready.forget(changes);
    expect(peek(ready, "a")).toBeUndefined();
  });
});

/** The same database; before the versions are asked for, something happens. */
function slowed(db: Queries, between: () => Promise<void>): Queries {
  return db.withPlugin({
    transformQuery: ({ node }) => node,
    async transformResult({ result }) {
      if (result.rows.some((row) => "newest" in row)) await between();
      return result;
    },
  });
}

describe("a renamed prompt", () => {
  const rename = (name: string, to: string) => renamePrompt(library.database, library.project, ACTOR, name, to);

  it("is ready under both names, the old one saying so, and both are forgotten when it changes", async () => {
    await library.save({ name: "old", text: "one" });
    const ready = new ReadyPrompts(1e6);
    await read(ready, "old");
    await rename("old", "new");
    ready.forget(changes);
    expect([peek(ready, "old"), peek(ready, "new")]).toEqual([undefined, undefined]);
    expect(await read(ready, "old")).toMatchObject({ renamedTo: "new" });
    expect(await read(ready, "new")).toMatchObject({ renamedTo: null });
    expect([peek(ready, "old"), peek(ready, "new")]).toEqual(["one", "one"]);
    await library.save({ name: "new", text: "two" });
    ready.forget(changes);
    expect([peek(ready, "old"), peek(ready, "new")]).toEqual([undefined, undefined]);
    ready.mirrored(changes);
    expect(ready.count).toBe(0);
  });

  it("gives up its old name to a new prompt at once, and keeps the rest", async () => {
    await library.save({ name: "old", text: "one" });
    await rename("old", "new");
    const ready = new ReadyPrompts(1e6);
    await read(ready, "old");
    await library.save({ name: "old", text: "another" });
    ready.forget(changes);
    expect(peek(ready, "old")).toBeUndefined();
    await read(ready, "old");
    await read(ready, "new");
    expect([peek(ready, "old"), peek(ready, "new")]).toEqual(["another", "one"]);
    await library.save({ name: "new", text: "two" });
    ready.forget(changes);
    expect([peek(ready, "old"), peek(ready, "new")]).toEqual(["another", undefined]);
  });
});
