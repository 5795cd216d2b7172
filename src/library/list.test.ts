import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ACTOR, fuzz, openLibrary, type TestLibrary } from "../../test/support/library.ts";
import type { ListQuery } from "../contract/routes.ts";
import { transact } from "../database/transaction.ts";
import { type Deed, recordDeed } from "./actor.ts";
import { listAudit } from "./audit.ts";
import { listPrompts, listTrash, listVersions, patchPrompt } from "./list.ts";
import { COUNT_LIMIT } from "./page.ts";
import { trashPrompt } from "./trash.ts";

let library: TestLibrary;
beforeAll(async () => {
  library = await openLibrary();
});
afterAll(() => library.close());

const SORTS = ["name", "-name", "updated", "-updated"] as const;
const list = (filter: Partial<ListQuery> = {}) => listPrompts(library.database.reads, library.project, filter);
const names = async (filter: Partial<ListQuery>) =>
  (await list({ limit: 200, ...filter })).items.map(({ name }) => name);

describe("the list of prompts", () => {
  beforeAll(async () => {
    await library.save({ name: "filters/a", text: "x", tags: ["red"], labels: ["production"] });
    await library.save({ name: "filters/B", text: "x", tags: ["red", "blue"] });
    await library.save({ name: "filters/deep/c", messages: [{ role: "user", content: "x" }] });
    await library.save({ name: "filters", text: "not below itself" });
    await library.save({ name: "filtersx/d", text: "a name that begins alike", tags: ["Café"] });
    await library.save({ name: "filters/gone", text: "x", tags: ["red"] });
    await trashPrompt(library.database, library.project, ACTOR, "filters/gone");
  });

  it("is filtered by folder, tag, label and type, alone and together; the trash is not in it", async () => {
    expect(await names({ folder: "filters" })).toEqual(["filters/B", "filters/a", "filters/deep/c"]);
    expect(await names({ folder: "filters/" })).toEqual(["filters/B", "filters/a", "filters/deep/c"]);
    expect(await names({ tag: "red" })).toEqual(["filters/B", "filters/a"]);
    expect(await names({ tag: "Cafe\u0301" })).toEqual(["filtersx/d"]);
    expect(await names({ label: "production" })).toEqual(["filters/a"]);
    expect(await names({ folder: "filters", label: "latest" })).toHaveLength(3);
    expect(await names({ type: "chat" })).toEqual(["filters/deep/c"]);
    expect(await names({ tag: "red", label: "production", type: "chat" })).toEqual([]);
    expect(await names({ folder: "%" })).toEqual([]);
  });

  it("shows labels, and latest among them", async () => {
    const { items } = await list({ tag: "red" });
    expect(items.map(({ labels }) => labels)).toEqual([{ latest: 1 }, { latest: 1, production: 1 }]);
  });

  it("is sorted by name byte by byte and by the time of the last change, either way", async () => {
    const byName = await names({ folder: "filters", sort: "name" });
    expect(await names({ folder: "filters", sort: "-name" })).toEqual(byName.toReversed());
    await patchPrompt(library.database, library.project, ACTOR, "filters/a", { description: "changed last" });
    expect((await names({ folder: "filters", sort: "-updated" }))[0]).toBe("filters/a");
    expect((await names({ folder: "filters", sort: "updated" })).at(-1)).toBe("filters/a");
  });

  it("read page by page while others write neither skips nor repeats what stays as it is", async () => {
    const command = fc.record({
      sort: fc.constantFrom(...SORTS),
      limit: fc.integer({ min: 1, max: 7 }),
      there: fc.uniqueArray(
        fc.string({ unit: fc.constantFrom("a", "B", "é", "😀", "~", "0"), minLength: 1, maxLength: 4 }),
        { minLength: 1, maxLength: 15 },
      ),
      inserts: fc.array(fc.string({ unit: fc.constantFrom("a", "b", "Z"), minLength: 5, maxLength: 6 }), {
        maxLength: 6,
      }),
    });
    let round = 0;
    await fc.assert(
      fc.asyncProperty(command, async ({ sort, limit, there, inserts }) => {
        round += 1;
        const folder = `pages${round}`;
        for (const name of there) await library.save({ name: `${folder}/${name}`, text: "x" });
        const seen: string[] = [];
        let cursor: string | undefined;
        do {
          const page = await list({ folder, sort, limit, ...(cursor ? { cursor } : {}) });
          seen.push(...page.items.map(({ name }) => name.slice(folder.length + 1)));
          const insert = inserts.shift();
          if (insert) await library.save({ name: `${folder}/${insert}`, text: "y" });
          cursor = page.nextCursor ?? undefined;
        } while (cursor);
        expect(new Set(seen).size).toBe(seen.length);
        expect(seen.filter((name) => there.includes(name)).sort()).toEqual(
          there.map((name) => name.normalize("NFC")).sort(),
        );
      }),
      { numRuns: 25, ...fuzz },
    );
  });

  it("skips nothing where many were changed in one millisecond", async () => {
    for (let at = 0; at < 7; at += 1) await library.save({ name: `same/${at}`, text: "x" });
    await library.asSuperuser("update prompts set updated_at = '2026-01-01 00:00:00.123456Z' where name like 'same/%'");
    for (const sort of ["updated", "-updated"] as const) {
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await list({ folder: "same", sort, limit: 2, ...(cursor ? { cursor } : {}) });
        seen.push(...page.items.map(({ name }) => name));
        cursor = page.nextCursor ?? undefined;
      } while (cursor);
      expect(seen.sort()).toEqual(Array.from({ length: 7 }, (_, at) => `same/${at}`));
    }
  });

  it("counts exactly up to the limit, and says when there are more", async () => {
    const fill = (from: number, to: number) =>
      library.asSuperuser(
        `insert into prompts (project_id, name, type, newest) select ${library.project.id}, 'many/' || n, 'text', 1 from generate_series(${from}, ${to}) n`,
      );
    await fill(1, COUNT_LIMIT);
    expect(await list({ folder: "many", limit: 1 })).toMatchObject({ total: COUNT_LIMIT, totalIsExact: true });
    await fill(COUNT_LIMIT + 1, COUNT_LIMIT + 1);
    expect(await list({ folder: "many", limit: 1 })).toMatchObject({ total: COUNT_LIMIT, totalIsExact: false });
    await library.asSuperuser("delete from prompts where name like 'many/%'");
  });
});

describe("a list by a label that very many prompts have", () => {
  let spread: TestLibrary;
  beforeAll(async () => {
    spread = await openLibrary();
    // Of each three one has the label no more; each tenth has the tag; nine in ten are in the folder.
    await spread.asSuperuser(`
      insert into prompts (project_id, name, type, tags, newest, updated_at)
        select 1, case when n % 10 = 1 then 'x/' else 'spread/' end || n, 'text',
          case when n % 10 = 0 then array['tenth'] else '{}' end, 1, now() - n * 7919 % 10007 * interval '1 minute'
        from generate_series(1, 16000) n;
      insert into versions (prompt_id, version, text, variables, config, template, content_hash, author)
        select id, 1, 'x', '{}', '{}', 'none', '', 'x' from prompts;
      insert into labels (prompt_id, label, version, moved_by) select id, 'live', 1, 'x' from prompts where id % 3 > 0`);
  });
  afterAll(() => spread.close());

  it.each(SORTS)("and a tag comes page by page, sorted by %s", async (sort) => {
    const found: { name: string; updatedAt: string }[] = [];
    for (let cursor: string | undefined, more = true; more; ) {
      const page = await listPrompts(spread.database.reads, spread.project, {
        tag: "tenth",
        label: "live",
        sort,
        limit: 190,
        ...(cursor ? { cursor } : {}),
      });
      expect(page).toMatchObject({ total: 1067, totalIsExact: true });
      found.push(...page.items);
      cursor = page.nextCursor ?? undefined;
      more = page.nextCursor !== null;
    }
    expect(new Set(found.map(({ name }) => name)).size).toBe(1067);
    const key = sort.endsWith("name") ? "name" : "updatedAt";
    const keys = found.map((item) => item[key]);
    expect(sort.startsWith("-") ? keys.toReversed() : keys).toEqual(keys.toSorted());
  });

  it("and a folder with as many, too", async () => {
    const page = await listPrompts(spread.database.reads, spread.project, {
      folder: "spread",
      label: "live",
      limit: 3,
    });
    expect(page).toMatchObject({ total: COUNT_LIMIT, totalIsExact: false });
    expect(page.items.map(({ name }) => name)).toEqual(["spread/10", "spread/100", "spread/1000"]);
    const few = await listPrompts(spread.database.reads, spread.project, { folder: "x", label: "live", limit: 2 });
    expect(few).toMatchObject({ total: 1067, totalIsExact: true, items: [{ name: "x/1" }, { name: "x/10001" }] });
  });
});

describe("a cursor", () => {
  it("of one list is refused by every other, as is what no list answered", async () => {
    for (const [at, text] of ["one", "two", "three"].entries()) {
      await library.save({ name: "cursors", text });
      await library.save({ name: `cursors/${at}`, text });
    }
    for (const name of ["cursors/1", "cursors/2"]) await trashPrompt(library.database, library.project, ACTOR, name);
    const db = library.database.reads;
    const lists: Record<string, (cursor: string | null) => Promise<{ nextCursor: string | null }>> = {
      versions: (cursor) => listVersions(db, library.project, "cursors", { limit: 1, cursor }),
      trash: (cursor) => listTrash(db, library.project, { limit: 1, cursor }),
      audit: (cursor) => listAudit(db, { limit: 1, cursor }),
    };
    for (const sort of SORTS) lists[sort] = (cursor) => list({ sort, limit: 1, ...(cursor ? { cursor } : {}) });
    const cursors = new Map<string, string>();
    for (const [name, read] of Object.entries(lists)) cursors.set(name, (await read(null)).nextCursor ?? "none");
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const foreign = [
      "x",
      "",
      "AAAA",
      encode(null),
      encode({}),
      encode(["versions", "x"]),
      encode(["updated", "2026-02-31T99:00:00.000Z", "1"]),
      encode(["name", "a\u0000"]),
      encode(["audit", "9".repeat(30)]),
    ];
    for (const [name, read] of Object.entries(lists)) {
      await read(cursors.get(name) ?? "");
      const others = [...cursors].filter(([other]) => other !== name).map(([, cursor]) => cursor);
      for (const cursor of [...others, ...foreign.filter((one) => one !== "")]) {
        await expect(read(cursor)).rejects.toMatchObject({ code: "invalid_request" });
      }
    }
  });
});

describe("the audit log", () => {
  it("is read newest first, page by page", async () => {
    const deed = (subject: string): Deed => ({ project: null, action: "test", subject });
    await transact(library.database, async (transaction) => {
      for (const subject of ["one", "two", "three"]) recordDeed(transaction, ACTOR, deed(subject));
    });
    const first = await listAudit(library.database.reads, { limit: 2, cursor: null });
    const second = await listAudit(library.database.reads, { limit: 2, cursor: first.nextCursor });
    expect([...first.items, ...second.items].slice(0, 3)).toMatchObject([
      { subject: "three", actor: ACTOR.name, address: ACTOR.address },
      { subject: "two" },
      { subject: "one" },
    ]);
  });
});
