import { createHook } from "node:async_hooks";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fuzz, type TestLibrary } from "../../test/support/library.ts";
import { TestMirror } from "../../test/support/mirror.ts";
import type { ListQuery } from "../contract/routes.ts";
import { listPrompts } from "./list.ts";
import { listMirrored, mirrorExists } from "./mirror-reader.ts";

let mirror: TestMirror;
let library: TestLibrary;
beforeEach(async () => {
  mirror = await TestMirror.open();
  library = mirror.library;
});
afterEach(async () => await mirror.close());

it("there is no mirror to read from on a disk that is gone", async () => {
  for (const folder of ["/nowhere/prompts", "/dev/null/prompts"]) expect(await mirrorExists(folder)).toBe(false);
});

describe("the list without the database", () => {
  it("is the database's list, for any filter and sort, page by page, also from one to the other", async () => {
    mirror.startWriter();
    const tags = ["red", "blue"];
    for (let at = 0; at < 24; at += 1) {
      const name = `${["", "dir/", "dir/sub/", "Dir/"][at % 4]}${["z", "é", "A", "😀", "\ufffd", "_"][at % 6]}${at}`;
      const content = at % 3 === 0 ? { messages: [{ role: "user" as const, content: "x" }] } : { text: "x" };
      await library.save({
        name,
        ...content,
        tags: tags.slice(0, at % 3),
        ...(at % 2 ? { labels: ["production"] } : {}),
      });
    }
    await library.asSuperuser("update prompts set updated_at = '2026-01-01Z' where id % 3 = 0");
    // Rows that are touched behind the feed's back are not in the mirror: say so as a change does.
    await library.asSuperuser("update prompts set revision = revision + 1");
    await library.asSuperuser(
      "insert into changes (kind, subject, revision) select 'prompt', id::text, revision from prompts",
    );
    await mirror.caughtUp();
    const filter = fc.record(
      {
        folder: fc.constantFrom("dir", "dir/sub", "Dir", "nothing"),
        tag: fc.constantFrom(...tags, "green"),
        label: fc.constantFrom("production", "latest", "staging"),
        type: fc.constantFrom("text" as const, "chat" as const),
        sort: fc.constantFrom("name" as const, "-name" as const, "updated" as const, "-updated" as const),
        limit: fc.integer({ min: 1, max: 30 }),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(filter, async (given) => {
        let cursor: string | undefined;
        do {
          const asked: Omit<ListQuery, "project"> = { ...given, ...(cursor ? { cursor } : {}) };
          const expected = await listPrompts(library.database.reads, library.project, asked);
          expect(await listMirrored(mirror.folder, "default", asked)).toEqual(expected);
          cursor = expected.nextCursor ?? undefined;
        } while (cursor);
      }),
      { numRuns: 40, ...fuzz },
    );
  });

  it("asked for by many at once is read once, and each gets what he asked for", async () => {
    const folder = join(mirror.root, "by hand");
    const file = (name: string) => ({ format: 1, project: "default", name, type: "text", tags: [], versions: [] });
    await mkdir(join(folder, "default"), { recursive: true });
    for (let at = 100; at < 500; at += 1) {
      const content = {
        ...file(`p${at}`),
        id: String(at),
        newest: 1,
        labels: {},
        updatedAt: "2026-01-01T00:00:00.000Z",
      };
      await writeFile(join(folder, "default", `p${at}.json`), JSON.stringify(content));
    }
    const asked = Array.from({ length: 40 }, (_, at) => ({
      limit: at + 1,
      sort: at % 2 ? ("-name" as const) : ("name" as const),
    }));
    let reads = 0;
    const hook = createHook({
      init(_id, type) {
        if (type === "FSREQPROMISE") reads += 1;
      },
    }).enable();
    await listMirrored(folder, "default", {});
    const readsOfOne = reads;
    const lists = await Promise.all(asked.map((filter) => listMirrored(folder, "default", filter)));
    hook.disable();
    expect(readsOfOne).toBeGreaterThan(400);
    expect(reads).toBe(2 * readsOfOne);
    for (const [at, { items, total }] of lists.entries()) {
      expect(total).toBe(400);
      const names = items.map(({ name }) => name);
      const expected = Array.from({ length: at + 1 }, (_, index) => (at % 2 ? `p${499 - index}` : `p${100 + index}`));
      expect(names).toEqual(expected);
    }
  });
});
