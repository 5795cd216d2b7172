import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { freshDatabase, sharedHome } from "../../test/support/database.ts";
import { runOnce } from "../../test/support/library.ts";
import { PromptlibError } from "../contract/errors.ts";
import { parseLsn, parseSegmentName, SEGMENT_BYTES } from "../postgres/lsn.ts";
import { existingPlace } from "../postgres/place.ts";
import { historyObject, walFolder } from "./layout.ts";
import type { Location } from "./location.ts";
import { makePlaces, OF, type Place, storeWal, walBytes } from "./testing/verify-fixture.ts";
import { readWal } from "./wal-reader.ts";
import { faultOfFirstPage } from "./wal-reader-page.ts";

const FIVE = "000000010000000000000005";
const SIX = "000000010000000000000006";

let directory: string;
let first: Place;
let second: Place;
let remove: () => Promise<void>;
let target: string;
let spool: string;

beforeEach(async () => {
  const made = await makePlaces(["primary", "secondary"]);
  const [one, other] = made.places;
  if (!one || !other) throw new Error("two places were asked for");
  [directory, first, second, remove] = [made.directory, one, other, made.remove];
  target = join(directory, "target");
  spool = join(directory, "spool");
  await mkdir(join(spool, OF.incarnation), { recursive: true });
});

afterEach(async () => await remove());

function reader(places: readonly Place[] = [first, second], withSpool = false) {
  return readWal({ locations: places.map(({ location }) => location), spool: withSpool ? spool : null });
}

/** A location of which some calls fail as if it were away. */
function away({ location }: Place, ...calls: ("list" | "get")[]): Location {
  const fail = () =>
    Promise.reject(new PromptlibError("location_unavailable", { message: `${location.name} is away.` }));
  return {
    ...{ url: location.url, name: location.name, domain: location.domain, required: false },
    put: (name, body, signal) => location.put(name, body, signal),
    get: (name, range, signal) => (calls.includes("get") ? fail() : location.get(name, range, signal)),
    list: (prefix, signal) => (calls.includes("list") ? fail() : location.list(prefix, signal)),
    stat: (name, signal) => location.stat(name, signal),
    remove: (name, signal) => location.remove(name, signal),
    freeSpace: () => location.freeSpace(),
  };
}

describe("a segment", () => {
  it("that is there whole is what was stored", async () => {
    const bytes = walBytes(FIVE);
    await storeWal(first, FIVE, bytes);
    const fetched = await reader().fetchSegment({ ...OF, segment: FIVE }, target);
    expect(fetched).toEqual({ bytes: SEGMENT_BYTES, findings: [] });
    expect((await readFile(target)).equals(bytes)).toBe(true);
    expect((await stat(target)).mode & 0o777).toBe(0o600);
  });

  it("is put together from fragments in two locations and the spool, and padded with zeros", async () => {
    const bytes = walBytes(FIVE);
    await storeWal(first, FIVE, bytes, { from: 0, to: 300_000 });
    await storeWal(second, FIVE, bytes, { from: 250_000, to: 500_000 });
    await writeFile(join(spool, OF.incarnation, FIVE), bytes.subarray(0, 400_000));
    const sources = reader([first, second], true);
    expect((await sources.coverage(OF)).coveredFrom({ timeline: 1, lsn: parseLsn("0/5000000") })).toBe(
      parseLsn("0/507A120"),
    );
    expect((await sources.fetchSegment({ ...OF, segment: FIVE }, target)).bytes).toBe(500_000);
    const found = await readFile(target);
    expect(found.length).toBe(SEGMENT_BYTES);
    expect(found.subarray(0, 500_000).equals(bytes.subarray(0, 500_000))).toBe(true);
    expect(found.subarray(500_000).every((byte) => byte === 0)).toBe(true);
  });

  it("is cut where the plan says, whatever there is behind", async () => {
    const bytes = walBytes(FIVE);
    await storeWal(first, FIVE, bytes);
    const fetched = await reader().fetchSegment({ ...OF, segment: FIVE, upTo: 9000 }, target);
    expect(fetched.bytes).toBe(9000);
    const found = await readFile(target);
    expect(found.subarray(0, 9000).equals(bytes.subarray(0, 9000))).toBe(true);
    expect(found.subarray(9000).every((byte) => byte === 0)).toBe(true);
  });

  it("that is damaged in one location comes from the other, and the damage is told", async () => {
    const bytes = walBytes(FIVE);
    const object = await storeWal(first, FIVE, bytes);
    await storeWal(second, FIVE, bytes);
    await first.spoil(object, 5_000_000);
    const fetched = await reader().fetchSegment({ ...OF, segment: FIVE }, target);
    expect(fetched.findings).toEqual([{ location: "primary", object, problem: expect.stringContaining("is damaged") }]);
    expect((await readFile(target)).equals(bytes)).toBe(true);
  });

  it("that is damaged everywhere is refused, leaves nothing, and covers nothing any more", async () => {
    const object = await storeWal(first, FIVE, walBytes(FIVE));
    await storeWal(first, FIVE, walBytes(FIVE), { from: 0, to: 1000 });
    await first.spoil(object, 5_000_000);
    const sources = reader([first]);
    await expect(sources.fetchSegment({ ...OF, segment: FIVE }, target)).rejects.toMatchObject({
      code: "backup_damaged",
      message: expect.stringContaining("up to byte 1000"),
      details: { findings: [expect.objectContaining({ location: "primary", object })] },
    });
    await expect(stat(target)).rejects.toMatchObject({ code: "ENOENT" });
    const left = (await sources.coverage(OF)).coveredFrom({ timeline: 1, lsn: parseLsn("0/5000000") });
    expect(left).toBe(parseLsn("0/50003E8"));
  });

  it("of which an object holds fewer bytes than its name says is damaged", async () => {
    const bytes = walBytes(FIVE);
    const object = await storeWal(first, FIVE, bytes, { from: 0, to: 1000 });
    const longer = object.replace("0-1000", "0-2000");
    await first.location.put(longer, await readFile(first.path(object)));
    await expect(reader([first]).fetchSegment({ ...OF, segment: FIVE }, target)).rejects.toMatchObject({
      code: "backup_damaged",
      message: expect.stringContaining("holds 1000 bytes in place of 2000"),
    });
  });

  it("of which two pieces do not agree is refused", async () => {
    await storeWal(first, FIVE, walBytes(FIVE), { from: 0, to: 2000 });
    await storeWal(second, FIVE, walBytes(FIVE), { from: 1000, to: 3000 });
    await expect(reader().fetchSegment({ ...OF, segment: FIVE }, target)).rejects.toMatchObject({
      code: "backup_damaged",
      message: expect.stringContaining("other bytes than what overlaps"),
    });
  });

  it("with another one's name, of another database, or of another timeline is refused", async () => {
    const cases: [Buffer, string][] = [
      [walBytes(SIX), "holds the WAL from 0/6000000 on"],
      [walBytes(FIVE, { systemId: "42" }), "another database (system identifier 42)"],
      [walBytes(FIVE, { timeline: 3 }), "holds WAL of timeline 3"],
    ];
    for (const [bytes, problem] of cases) {
      const object = await storeWal(first, FIVE, bytes);
      const fetched = reader([first]).fetchSegment({ ...OF, segment: FIVE }, target);
      await expect(fetched).rejects.toMatchObject({
        code: "backup_damaged",
        message: expect.stringContaining(problem),
      });
      await first.location.remove(object);
    }
  });

  it("that nobody has is not found", async () => {
    await expect(reader().fetchSegment({ ...OF, segment: FIVE }, target)).rejects.toMatchObject({
      code: "object_not_found",
    });
  });

  it("whose fragments made room for a covering one since they were listed is found", async () => {
    const bytes = walBytes(FIVE);
    const small = await storeWal(first, FIVE, bytes, { from: 0, to: 1000 });
    const sources = reader([first]);
    await sources.coverage(OF);
    await storeWal(first, FIVE, bytes, { from: 0, to: 5000 });
    await first.location.remove(small);
    expect((await sources.fetchSegment({ ...OF, segment: FIVE }, target)).bytes).toBe(5000);
  });
});

describe("a location that is away", () => {
  it("is made up for by the others, and noted once", async () => {
    const bytes = walBytes(FIVE);
    await storeWal(second, FIVE, bytes);
    const sources = readWal({ locations: [away(first, "list"), second.location], spool: null });
    expect((await sources.fetchSegment({ ...OF, segment: FIVE }, target)).bytes).toBe(SEGMENT_BYTES);
    await sources.coverage({ ...OF, incarnation: "ffffffff" });
    expect(sources.unreachable).toEqual([{ location: "primary", problem: "primary is away." }]);
  });

  it("while it is read is made up for; when it alone has the bytes, that is the reason", async () => {
    const bytes = walBytes(FIVE);
    await storeWal(first, FIVE, bytes);
    const alone = readWal({ locations: [away(first, "get"), second.location], spool: null });
    await expect(alone.fetchSegment({ ...OF, segment: FIVE }, target)).rejects.toMatchObject({
      code: "location_unavailable",
    });
    await storeWal(second, FIVE, bytes);
    const both = readWal({ locations: [away(first, "get"), second.location], spool: null });
    expect((await both.fetchSegment({ ...OF, segment: FIVE }, target)).bytes).toBe(SEGMENT_BYTES);
    expect((await both.coverage(OF)).piecesOf(FIVE).length).toBe(2);
  });

  it("as all the others are is an error", async () => {
    const sources = readWal({ locations: [away(first, "list")], spool: null });
    await expect(sources.coverage(OF)).rejects.toMatchObject({ code: "location_unavailable" });
  });
});

describe("the spool", () => {
  it("of a machine that died may end in zeros that were never written: what others have there counts", async () => {
    const bytes = walBytes(FIVE);
    const torn = Buffer.from(bytes.subarray(0, 60_000)).fill(0, 40_000);
    await writeFile(join(spool, OF.incarnation, FIVE), torn);
    const sources = reader([first], true);
    // Up to the end of the page that was begun.
    expect((await sources.coverage(OF)).ranges(1)[0]?.to).toBe(parseLsn("0/500A000"));
    await storeWal(first, FIVE, bytes, { from: 0, to: 50_000 });
    const both = reader([first], true);
    expect((await both.fetchSegment({ ...OF, segment: FIVE }, target)).bytes).toBe(50_000);
    expect((await readFile(target)).subarray(0, 50_000).equals(bytes.subarray(0, 50_000))).toBe(true);
  });

  it("holds whole segments, too, and those of other incarnations are left alone", async () => {
    const [five, six] = [walBytes(FIVE), walBytes(SIX)];
    await mkdir(join(spool, "ffffffff"));
    await writeFile(join(spool, "ffffffff", "000000010000000000000007"), walBytes("000000010000000000000007"));
    await writeFile(join(spool, OF.incarnation, FIVE), five);
    await writeFile(join(spool, OF.incarnation, SIX), six.subarray(0, 100_000));
    const coverage = await reader([first], true).coverage(OF);
    expect(coverage.coveredFrom({ timeline: 1, lsn: parseLsn("0/5000000") })).toBe(parseLsn("0/60186A0"));
  });

  it("that was removed while we looked is no reason to fail where locations have it", async () => {
    const bytes = walBytes(FIVE);
    await writeFile(join(spool, OF.incarnation, FIVE), bytes);
    const sources = reader([first], true);
    await sources.coverage(OF);
    await storeWal(first, FIVE, bytes);
    await rm(join(spool, OF.incarnation, FIVE));
    expect((await sources.fetchSegment({ ...OF, segment: FIVE }, target)).bytes).toBe(SEGMENT_BYTES);
  });
});

describe("history files", () => {
  it("come from the first source that has a readable one", async () => {
    const name = historyObject(walFolder(OF), 2);
    await first.location.put(name, Buffer.from("nonsense"));
    await second.location.put(name, Buffer.from("1\t0/5000100\tno recovery target specified\n"));
    const [history, ...others] = await reader().histories(OF);
    expect(others).toEqual([]);
    expect(history).toMatchObject({
      ...{ incarnation: OF.incarnation, timeline: 2 },
      branches: [{ timeline: 1, lsn: parseLsn("0/5000100") }],
    });
  });

  it("tell in which segment a timeline may still have pages of the one before", async () => {
    await first.location.put(historyObject(walFolder(OF), 2), Buffer.from("1\t0/5000100\tfork\n"));
    const [five, six] = ["000000020000000000000005", "000000020000000000000006"];
    await storeWal(first, five, walBytes(five, { timeline: 1 }));
    await storeWal(first, six, walBytes(six, { timeline: 1 }));
    const sources = reader([first]);
    expect((await sources.fetchSegment({ ...OF, segment: five }, target)).bytes).toBe(SEGMENT_BYTES);
    await expect(sources.fetchSegment({ ...OF, segment: six }, target)).rejects.toMatchObject({
      code: "backup_damaged",
    });
  });
});

describe("the first page of a segment", () => {
  it("as PostgreSQL writes it passes, under its own name and no other", async () => {
    const place = await existingPlace(sharedHome());
    if (!place) throw new Error("the run's cluster has no place");
    const fresh = await freshDatabase({ empty: true });
    const [row] = await runOnce(
      fresh.superuserConfig,
      "select pg_walfile_name(pg_current_wal_lsn()) as name, system_identifier::text as system from pg_control_system()",
    );
    await fresh.drop();
    const { name, system } = row as { name: string; system: string };
    const bytes = (await readFile(join(place.data, "pg_wal", name))).subarray(0, 8192);
    const begins = parseLsn("0/0");
    expect(faultOfFirstPage(bytes, { segment: name, systemId: system, begins })).toBeNull();
    const other = name.slice(0, -1) + (name.endsWith("F") ? "0" : "F");
    expect(parseSegmentName(other)).not.toBeNull();
    expect(faultOfFirstPage(bytes, { segment: other, systemId: system, begins })).toContain("holds the WAL from");
    expect(faultOfFirstPage(bytes, { segment: name, systemId: "1", begins })).toContain("another database");
  });
});
