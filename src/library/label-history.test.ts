import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ACTOR, openLibrary, type TestLibrary } from "../../test/support/library.ts";
import { sleep } from "../base/clock.ts";
import { labelAt, listLabelled, listLabelMoves } from "./label-history.ts";
import { listLabels, moveLabel, removeLabel } from "./labels.ts";
import { restorePrompt, trashPrompt } from "./trash.ts";

let library: TestLibrary;
beforeAll(async () => {
  library = await openLibrary();
});
afterAll(() => library.close());

const BOB = { name: "key:abc", address: null };
const FIRST = { limit: 50, cursor: null };
const move = (name: string, label: string, version: number) =>
  moveLabel(library.database, library.project, BOB, name, label, version);
const history = (name: string, label: string, page: { limit: number; cursor: string | null } = FIRST) =>
  listLabelMoves(library.database.reads, library.project, name, label, page);
const at = async (name: string, label: string, moment?: string) =>
  (await labelAt(library.database.reads, library.project, name, label, moment)).version;
const labelled = (label: string, moment?: string, page: { limit: number; cursor: string | null } = FIRST) =>
  listLabelled(library.database.reads, library.project, label, moment, page);
const namesOf = async (label: string, moment?: string) =>
  (await labelled(label, moment)).items.map(({ name, version }) => `${name}@${version}`);

/** A moment with nothing in the same millisecond before or after it. */
async function moment(): Promise<string> {
  await sleep(3);
  const then = new Date().toISOString();
  await sleep(3);
  return then;
}

async function twoVersions(name: string) {
  await library.save({ name, text: "one", labels: ["production"] });
  await library.save({ name, text: "two" });
}

describe("the history of a label", () => {
  it("tells every move, last first: from where to where, who, and when", async () => {
    await twoVersions("moves");
    const { movedAt } = await move("moves", "production", 2);
    await removeLabel(library.database, library.project, ACTOR, "moves", "production");
    const { items, total } = await history("moves", "production");
    expect(total).toBe(3);
    expect(items).toMatchObject([
      { label: "production", from: 2, to: null, movedBy: ACTOR.name },
      { label: "production", from: 1, to: 2, movedBy: BOB.name, movedAt },
      { label: "production", from: null, to: 1, movedBy: ACTOR.name },
    ]);
  });

  it("comes in pages, and none is skipped when the label moves meanwhile", async () => {
    await twoVersions("pages");
    for (const version of [2, 1, 2]) await move("pages", "production", version);
    const first = await history("pages", "production", { limit: 2, cursor: null });
    await move("pages", "production", 1);
    const second = await history("pages", "production", { limit: 2, cursor: first.nextCursor });
    expect([...first.items, ...second.items].map(({ to }) => to)).toEqual([2, 1, 2, 1]);
    expect(second.nextCursor).toBeNull();
  });

  it("of a label that never was there names those that were; latest has versions instead", async () => {
    await twoVersions("never");
    await expect(history("never", "staging")).rejects.toMatchObject({
      code: "label_not_found",
      details: { labels: ["production"] },
    });
    await expect(history("never", "latest")).rejects.toMatchObject({ code: "invalid_request" });
    await expect(history("nothing", "production")).rejects.toMatchObject({ code: "prompt_not_found" });
  });
});

describe("a label at a time", () => {
  it("is where it stood then, from the very moment that the move was told to have happened", async () => {
    await library.save({ name: "then", text: "one" });
    const before = await moment();
    await move("then", "production", 1);
    const first = await moment();
    await library.save({ name: "then", text: "two" });
    const { movedAt } = await move("then", "production", 2);
    const second = await moment();
    await removeLabel(library.database, library.project, ACTOR, "then", "production");
    await expect(at("then", "production", before)).rejects.toMatchObject({ code: "label_not_found" });
    expect(await at("then", "production", first)).toBe(1);
    expect(await at("then", "latest", first)).toBe(1);
    expect(await at("then", "production", movedAt)).toBe(2);
    expect(await at("then", "production", second.replace("Z", "+00:00"))).toBe(2);
    expect(await at("then", "latest", second)).toBe(2);
    await expect(at("then", "production")).rejects.toMatchObject({ code: "label_not_found" });
  });

  it("is where the list of labels says that it is, when no time is given", async () => {
    await twoVersions("now");
    await move("now", "production", 2);
    const [listed] = (await listLabels(library.database.reads, library.project, "now")).items;
    expect(await labelAt(library.database.reads, library.project, "now", "production", undefined)).toEqual(listed);
  });

  it("is told in the order of the moves, also of one that waited for the other", async () => {
    await twoVersions("waits");
    await Promise.all(Array.from({ length: 10 }, (_, n) => move("waits", "staging", 1 + (n % 2))));
    const { items } = await history("waits", "staging");
    const times = items.map(({ movedAt }) => movedAt);
    expect(times).toEqual(times.toSorted().reverse());
  });

  it("cannot be told for a time to come, or before all time", async () => {
    await twoVersions("odd");
    const soon = new Date(Date.now() + 3_600_000).toISOString();
    for (const odd of [soon, "9999-12-31T23:59:59-10:00", "0000-01-01T00:00:00Z", "1969-12-31T23:59:59Z"]) {
      await expect(at("odd", "production", odd), odd).rejects.toMatchObject({ code: "invalid_request" });
    }
    await expect(at("odd", "production", "1970-01-01T00:00:00+20:00")).rejects.toMatchObject({
      code: "invalid_request",
    });
    await expect(at("odd", "production", "2001-01-01T00:00:00+20:00")).rejects.toMatchObject({
      code: "label_not_found",
    });
  });
});

describe("all prompts with a label", () => {
  it("are listed by name as they stood at the time, those that were trashed since among them", async () => {
    for (const name of ["all/b", "all/A", "all/c"]) await library.save({ name, text: "x", labels: ["live"] });
    await library.save({ name: "all/never", text: "x" });
    const { id } = await trashPrompt(library.database, library.project, ACTOR, "all/c");
    const early = await moment();
    await library.save({ name: "all/b", text: "y", labels: ["live"] });
    await removeLabel(library.database, library.project, ACTOR, "all/A", "live");
    const late = await moment();
    await trashPrompt(library.database, library.project, ACTOR, "all/b");
    expect(await namesOf("live", early)).toEqual(["all/A@1", "all/b@1"]);
    expect(await namesOf("live", late)).toEqual(["all/b@2"]);
    expect((await labelled("live", late)).items[0]?.trashedAt).toMatch(/^2/);
    expect(await namesOf("live")).toEqual([]);
    await restorePrompt(library.database, library.project, ACTOR, id);
    expect(await namesOf("live")).toEqual(["all/c@1"]);
  });

  it("come in pages, and latest is a label like others", async () => {
    for (const name of ["p1", "p2", "p3"]) await library.save({ name: `paged/${name}`, text: "x", labels: ["paged"] });
    const first = await labelled("paged", undefined, { limit: 2, cursor: null });
    expect(first).toMatchObject({ total: 3, totalIsExact: true });
    const second = await labelled("paged", undefined, { limit: 2, cursor: first.nextCursor });
    expect(second.items.map(({ name }) => name)).toEqual(["paged/p3"]);
    expect(second.nextCursor).toBeNull();
    expect(await namesOf("latest")).toContain("paged/p1@1");
  });

  it("of another project are not among them", async () => {
    const [other] = (await library.asSuperuser(
      "insert into projects (name) values ('other') returning id::text, name",
    )) as [{ id: string; name: string }];
    await library.save({ name: "ours", text: "x", labels: ["private"] });
    expect((await listLabelled(library.database.reads, other, "private", undefined, FIRST)).items).toEqual([]);
  });
});
