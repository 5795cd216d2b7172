import { describe, expect, it } from "vitest";
import type { Impossible, RestorePlan, RestoreTarget } from "./restore-plan-shapes.ts";
import { microseconds } from "./restore-plan-time.ts";
import { at, timeOf, World } from "./testing/restore-plan-world.ts";

const latest: RestoreTarget = { kind: "latest" };

function plan(found: RestorePlan | Impossible): RestorePlan {
  if (found.kind === "impossible") throw new Error(`${found.message} ${found.hint}`);
  return found;
}

function impossible(found: RestorePlan | Impossible): Impossible {
  if (found.kind === "plan") throw new Error(found.steps.join(" "));
  return found;
}

/** One life, 100 MiB, all of it received, backups that end at 20 and 50. */
function plainWorld() {
  const world = new World();
  const branch = world.live("aaaaaaaa", 100);
  world.receive(branch, 0, 100);
  const [early, late] = [world.backup(branch, 20), world.backup(branch, 50)];
  return { world, branch, early, late, time: (mib: number) => new Date(timeOf(branch, mib)).toISOString() };
}

/** The same, of which a restore left what came behind 70 MiB: another life goes on from there, up to 90. */
function leftWorld() {
  const plain = plainWorld();
  const second = plain.world.live("bbbbbbbb", 90, { parent: plain.branch, from: 70 });
  plain.world.receive(second, 64, 90);
  return { ...plain, second };
}

describe("the latest state", () => {
  it("is the newest backup and all WAL behind it, from the segment in which the backup ends", () => {
    const { world, late, time } = plainWorld();
    const found = plan(world.plan(latest));
    expect(found.backup.id).toBe(late.id);
    expect(found.locations).toEqual(["primary", "secondary"]);
    expect(found.walNeeded.map(({ segment }) => segment.slice(-2))).toEqual(["03", "04", "05", "06"]);
    expect(found.recovery).toEqual({ timeline: 1, target: null, unreached: "fail" });
    expect(found.reaches).toMatchObject({ lsn: "0/6400000", incarnation: "aaaaaaaa" });
    expect(found.reaches.notLaterThan).toBe(new Date(Date.parse(time(100)) + 500).toISOString());
    expect(found).toMatchObject({ warnings: [], lost: null, history: null });
    expect(found.steps).toEqual([
      expect.stringMatching(
        /^Read the backup .* \(47\.7 MiB, .*\) from primary; .* from secondary, and check every byte/,
      ),
      "Fetch 4 segments of WAL, 000000010000000000000003 to 000000010000000000000006 (incarnation aaaaaaaa, timeline 1).",
      expect.stringMatching(/^Let PostgreSQL 18 recover it on timeline 1, to the end of that WAL: 0\/6400000, written/),
    ]);
  });

  it("passes over a damaged backup, and says so", () => {
    const { world, branch, late } = plainWorld();
    const damaged = world.backup(branch, 80, { state: "damaged" });
    const unfinished = world.backup(branch, 90, { state: "unfinished" });
    const found = plan(world.plan(latest));
    expect(found.backup.id).toBe(late.id);
    expect(found.reaches.lsn).toBe("0/6400000");
    expect(found.warnings).toEqual([
      `The backup ${damaged.id} is damaged: part-0001.tar.zst in primary is missing.`,
      `The backup ${unfinished.id} was never finished, or is being made now.`,
    ]);
  });

  it("ends where WAL is missing, and names what lies beyond", () => {
    const world = new World();
    const branch = world.live("aaaaaaaa", 100);
    world.receive(branch, 0, 70);
    world.receive(branch, 80, 100);
    world.backup(branch, 50);
    const found = plan(world.plan(latest));
    expect(found.reaches.lsn).toBe("0/4600000");
    expect(found.warnings).toEqual([
      "WAL is missing from 0/4600000 on, in the segment 000000010000000000000004, and goes on at 0/5000000; this restore ends there.",
    ]);
    expect(found.lost).toEqual({ from: "0/4600000", to: "0/6400000", reason: "gap" });
    expect(found.steps.at(-1)).toBe(
      "Leave out what was written from 0/4600000 to 0/6400000: WAL before it is missing.",
    );
  });

  it("of a database restored before goes through the fork, on the new timeline from the segment that holds it", () => {
    const { world, late } = leftWorld();
    const found = plan(world.plan(latest));
    expect(found.backup.id).toBe(late.id);
    expect(found.walNeeded).toMatchObject([
      { incarnation: "aaaaaaaa", timeline: 1, segment: "000000010000000000000003" },
      { incarnation: "bbbbbbbb", timeline: 2, segment: "000000020000000000000004" },
      { incarnation: "bbbbbbbb", timeline: 2, segment: "000000020000000000000005" },
    ]);
    expect(found.recovery.timeline).toBe(2);
    expect(found.history).toEqual({ name: "00000002.history", content: "1\t0/4600000\trestored\n" });
  });

  it("of a database restored just behind a switched segment goes on there, although nobody received what pads it", () => {
    const world = new World();
    const first = world.live("aaaaaaaa", 32);
    world.receive(first, 0, 21);
    world.backup(first, 10);
    const second = world.live("bbbbbbbb", 50, { parent: first, from: 32 });
    world.receive(second, 32, 50);
    const found = plan(world.plan(latest));
    expect(found.reaches).toMatchObject({ lsn: "0/3200000", incarnation: "bbbbbbbb" });
    expect(found.walNeeded.map(({ segment }) => segment.slice(-2))).toEqual(["00", "01", "02", "03"]);
    expect(found).toMatchObject({ warnings: [], lost: null });
  });

  it("ends where more is missing before a fork than what pads one segment", () => {
    const world = new World();
    const first = world.live("aaaaaaaa", 32);
    world.receive(first, 0, 16);
    world.backup(first, 10);
    const second = world.live("bbbbbbbb", 50, { parent: first, from: 32 });
    world.receive(second, 32, 50);
    expect(plan(world.plan(latest)).reaches.lsn).toBe("0/1000000");
  });

  it("of a database that died again at once is the fork, and nothing of what was left there before", () => {
    const { world, branch } = plainWorld();
    world.live("bbbbbbbb", 90, { parent: branch, from: 70 });
    const found = plan(world.plan(latest));
    expect(found.reaches).toMatchObject({ lsn: "0/4600000", timeline: 1, incarnation: "aaaaaaaa" });
    expect(found.walNeeded.at(-1)).toMatchObject({ segment: "000000010000000000000004", upTo: 6 * 1024 * 1024 });
  });

  it("never begins with a backup of a branch that was left", () => {
    const { world, branch, late } = plainWorld();
    const abandoned = world.backup(branch, 90);
    const second = world.live("bbbbbbbb", 90, { parent: branch, from: 70 });
    world.receive(second, 64, 90);
    expect(abandoned.id > late.id).toBe(true);
    expect(plan(world.plan(latest)).backup.id).toBe(late.id);
  });

  it("without a backup cannot be restored", () => {
    const found = impossible(new World().plan(latest));
    expect(found).toMatchObject({ code: "restore_impossible", earliest: null, latest: null });
    expect(found.hint).toContain("None was found");
  });

  it("of another major version cannot be restored, and both are named", () => {
    const { world } = plainWorld();
    expect(impossible(world.plan(latest, { majors: [17] })).hint).toContain(
      "is of PostgreSQL 18, and here is PostgreSQL 17",
    );
    expect(impossible(world.plan(latest, { majors: [] })).hint).toContain("there are no binaries of PostgreSQL here");
  });

  it("is refused where the disk has too little room", () => {
    const { world } = plainWorld();
    const { bytes } = plan(world.plan(latest));
    expect(bytes).toBe(50_000_000 + 4 * 16 * 1024 * 1024);
    expect(plan(world.plan(latest, { free: bytes })).kind).toBe("plan");
    expect(impossible(world.plan(latest, { free: bytes - 1 })).message).toContain(`needs ${bytes} bytes`);
  });
});

describe("a position", () => {
  it("before the end of the newest backup takes the one before", () => {
    const { world, early } = plainWorld();
    const found = plan(world.plan({ kind: "lsn", lsn: at(45), timeline: null }));
    expect(found.backup.id).toBe(early.id);
    expect(found.recovery).toEqual({ timeline: 1, target: { lsn: "0/2D00000" }, unreached: "end" });
    expect(found.mustRead).toBe("0/2D00000");
    expect(found.lost).toEqual({ from: "0/2D00000", to: "0/6400000", reason: "target" });
  });

  it("at which a backup ends is the backup, and PostgreSQL stops there", () => {
    const { world, late } = plainWorld();
    const found = plan(world.plan({ kind: "lsn", lsn: at(50), timeline: null }));
    expect(found.backup.id).toBe(late.id);
    expect(found.recovery.target).toEqual({ lsn: "0/3200000" });
  });

  it("takes two segments more, because the record to stop at may begin and end behind it", () => {
    const { world } = plainWorld();
    const found = plan(world.plan({ kind: "lsn", lsn: at(51), timeline: null }));
    expect(found.walNeeded.map(({ segment }) => segment.slice(-2))).toEqual(["03", "04", "05"]);
  });

  it("at the end of everything needs no target, for no record is there to stop at", () => {
    const { world } = plainWorld();
    const found = plan(world.plan({ kind: "lsn", lsn: at(100), timeline: null }));
    expect(found.recovery.target).toBeNull();
    expect(found.walNeeded.at(-1)?.upTo).toBe(4 * 1024 * 1024);
  });

  it("behind everything is impossible, and what there is is named", () => {
    const { world, early } = plainWorld();
    const found = impossible(world.plan({ kind: "lsn", lsn: at(101), timeline: null }));
    expect(found.message).toContain("ends at 0/6400000");
    expect(found.earliest).toEqual({ ...early.manifest?.end, incarnation: "aaaaaaaa" });
    expect(found.latest?.lsn).toBe("0/6400000");
  });

  it("behind missing WAL is impossible and names the segment, unless a backup was made behind it", () => {
    const world = new World();
    const branch = world.live("aaaaaaaa", 100);
    world.receive(branch, 0, 40);
    world.receive(branch, 48, 100);
    world.backup(branch, 20);
    const found = impossible(world.plan({ kind: "lsn", lsn: at(70), timeline: null }));
    expect(found.message).toContain("in the segment 000000010000000000000002");
    const behind = world.backup(branch, 60);
    expect(plan(world.plan({ kind: "lsn", lsn: at(70), timeline: null })).backup.id).toBe(behind.id);
    expect(impossible(world.plan({ kind: "lsn", lsn: at(50), timeline: null })).message).toContain("0/2800000");
  });

  it("on a branch that was left is reached by its timeline", () => {
    const { world } = leftWorld();
    const left = plan(world.plan({ kind: "lsn", lsn: at(80), timeline: 1 }));
    expect(left.walNeeded.every(({ incarnation }) => incarnation === "aaaaaaaa")).toBe(true);
    const present = plan(world.plan({ kind: "lsn", lsn: at(80), timeline: null }));
    expect(present.reaches.incarnation).toBe("bbbbbbbb");
    expect(impossible(world.plan({ kind: "lsn", lsn: at(80), timeline: 7 })).message).toContain("on timeline 7");
    expect(left.warnings).toEqual([]);
  });

  it("that lies on a branch that was left, too, is told with the timeline that reaches the other", () => {
    const { world } = leftWorld();
    const bare = (mib: number) => world.plan({ kind: "lsn", lsn: at(mib), timeline: null });
    expect(plan(bare(80)).warnings).toEqual([
      "Timeline 1, which was left at 0/4600000, has this position, too. This restores that of timeline 2; add --timeline 1 for the other.",
    ]);
    expect(plan(bare(70)).warnings).toEqual([]);
    expect(plan(bare(60)).warnings).toEqual([]);
    expect(impossible(bare(95)).message).toBe(
      "This cannot be restored. It lies behind everything that was received, which ends at 0/5A00000. Timeline 1, which was left at 0/4600000, has it: add --timeline 1.",
    );
    expect(plan(world.plan({ kind: "lsn", lsn: at(95), timeline: 1 })).reaches.incarnation).toBe("aaaaaaaa");
    expect(impossible(bare(101)).message).not.toContain("--timeline");
  });

  it("that an incarnation had which was given up is told, too", () => {
    const { world, branch, second } = leftWorld();
    const third = world.live("cccccccc", 99, { parent: second, from: 75 });
    world.receive(third, 64, 99);
    world.live("dddddddd", 60, { parent: branch, from: 55 });
    const { message } = impossible(world.plan({ kind: "lsn", lsn: at(85), timeline: null }));
    expect(message).toContain("Timeline 1, which was left at 0/3700000, has it: add --timeline 1. ");
    expect(message).toContain("Timeline 3, which was left, has it: add --timeline 3.");
  });
});

describe("a time", () => {
  it("takes the newest backup that ended by then, and no more WAL than the next one proves to be enough", () => {
    const { world, early, time } = plainWorld();
    const found = plan(world.plan({ kind: "time", time: time(30) }));
    expect(found.backup.id).toBe(early.id);
    expect(found.recovery).toEqual({ timeline: 1, target: { time: time(30) }, unreached: "end" });
    expect([found.mustRead, found.reaches.lsn]).toEqual(["0/3100000", "0/6400000"]);
    expect(found.walNeeded.map(({ segment }) => segment.slice(-2))).toEqual(["01", "02", "03"]);
  });

  it("counts microseconds: a backup that ended one later is not taken", () => {
    const { world, early, late, time } = plainWorld();
    if (!late.manifest) throw new Error("no manifest");
    late.manifest.end.at = time(50).replace(".000Z", ".000501+00:00");
    expect(plan(world.plan({ kind: "time", time: time(50).replace(".000Z", ".000500Z") })).backup.id).toBe(early.id);
    expect(plan(world.plan({ kind: "time", time: time(50).replace(".000Z", ".000501Z") })).backup.id).toBe(late.id);
  });

  it("before the first backup's end is impossible, and the earliest is named", () => {
    const { world, early, time } = plainWorld();
    const found = impossible(world.plan({ kind: "time", time: time(10) }));
    expect(found.message).toContain("No backup that can be used ends before it");
    expect(found.hint).toContain(`${early.manifest?.end.at}`);
  });

  it("that has not come yet is impossible", () => {
    const { world } = plainWorld();
    expect(impossible(world.plan({ kind: "time", time: "2036-01-01T00:00:00Z" })).message).toContain(
      "has not come yet",
    );
  });

  it("without a zone is none", () => {
    const { world } = plainWorld();
    expect(impossible(world.plan({ kind: "time", time: "2026-11-01T02:00:00" })).message).toContain(
      "no time with a zone",
    );
  });

  it("after all that was received means all there is, with a warning that says until when", () => {
    const { world, time } = plainWorld();
    const found = plan(world.plan({ kind: "time", time: new Date(Date.parse(time(100)) + 60_000).toISOString() }));
    const until = new Date(Date.parse(time(100)) + 500).toISOString();
    expect(found.warnings).toEqual([`Nothing later than ${until} was received: this restores all there is.`]);
    expect(found.recovery.unreached).toBe("end");
    expect(found.mustRead).toBe("0/6400000");
    expect(found.lost).toBeNull();
  });

  it("within missing WAL is impossible; shortly before it PostgreSQL must find a later commit, or fail", () => {
    const world = new World();
    const branch = world.live("aaaaaaaa", 100);
    world.receive(branch, 0, 40);
    world.receive(branch, 64, 100);
    world.backup(branch, 20);
    const time = (mib: number) => new Date(timeOf(branch, mib)).toISOString();
    const found = impossible(world.plan({ kind: "time", time: time(50) }));
    expect(found.message).toContain("WAL is missing from 0/2800000 on, in the segment 000000010000000000000002");
    expect(found.message).toContain(`was written by ${new Date(timeOf(branch, 40) + 500).toISOString()}`);
    expect(plan(world.plan({ kind: "time", time: time(38) })).recovery.unreached).toBe("fail");
  });

  it("at which the database wrote on a branch that was left warns of what is not restored", () => {
    const { world, time } = leftWorld();
    const found = plan(world.plan({ kind: "time", time: time(80) }));
    expect(found.warnings).toEqual([
      expect.stringContaining("left at 0/4600000. What it wrote there up to 0/6400000 is not restored"),
    ]);
    expect(found.warnings[0]).toContain("it is reached with --lsn or --at and --timeline 1.");
    expect(plan(world.plan({ kind: "time", time: time(60) })).warnings).toEqual([]);
  });

  it("warns of a branch that was left also where nothing tells when it was written", () => {
    const world = new World();
    const branch = world.live("aaaaaaaa", 100);
    world.receive(branch, 64, 100);
    const early = world.backup(branch, 66);
    const second = world.live("bbbbbbbb", 90, { parent: branch, from: 70 });
    world.receive(second, 64, 90);
    const found = plan(world.plan({ kind: "time", time: new Date(timeOf(branch, 80)).toISOString() }));
    expect(found.backup.id).toBe(early.id);
    expect(found.warnings).toEqual([expect.stringContaining("--timeline 1")]);
  });

  it("at which an incarnation wrote that was given up warns of that, and not of the branch before", () => {
    const { world, branch, second } = leftWorld();
    const third = world.live("cccccccc", 85, { parent: branch, from: 60 });
    world.receive(third, 48, 85);
    const of = (one: typeof second, timeline: number | null) =>
      plan(world.plan({ kind: "time", time: new Date(timeOf(one, 80)).toISOString(), timeline }));
    expect(of(second, null).warnings).toEqual([
      "At this time the database may have been on timeline 2, which a later restore left. What it wrote there is not restored; it is reached with --at and --timeline 2.",
    ]);
    expect(of(second, 2)).toMatchObject({ reaches: { incarnation: "bbbbbbbb" }, warnings: [] });
    expect(of(third, null)).toMatchObject({ reaches: { incarnation: "cccccccc" }, warnings: [] });
  });

  it("on a branch that was left is reached by its timeline", () => {
    const { world, time } = leftWorld();
    const found = plan(world.plan({ kind: "time", time: time(80), timeline: 1 }));
    expect(found.reaches.incarnation).toBe("aaaaaaaa");
    expect(found.recovery).toEqual({ timeline: 1, target: { time: time(80) }, unreached: "end" });
    expect(found.walNeeded.every(({ incarnation }) => incarnation === "aaaaaaaa")).toBe(true);
    expect(found.warnings).toEqual([]);
    expect(world.recover(found).end).toBe(80);
    expect(impossible(world.plan({ kind: "time", time: time(80), timeline: 7 })).message).toContain(
      "Nothing is known of timeline 7.",
    );
  });

  it("tells which of two timelines of one number is meant", () => {
    const { world, branch, second } = leftWorld();
    const third = world.live("cccccccc", 85, { parent: branch, from: 60 });
    world.receive(third, 48, 85);
    const of = (one: typeof second) =>
      plan(world.plan({ kind: "time", time: new Date(timeOf(one, 80)).toISOString(), timeline: 2 })).reaches;
    expect(of(second)).toMatchObject({ incarnation: "bbbbbbbb", timeline: 2 });
    expect(of(third)).toMatchObject({ incarnation: "cccccccc", timeline: 2 });
    world.live("dddddddd", 84, { parent: third, from: 80 });
    expect(of(second)).toMatchObject({ incarnation: "bbbbbbbb", timeline: 2 });
    expect(of(third)).toMatchObject({ incarnation: "cccccccc", timeline: 2 });
    const lifeAt = (mib: number) => plan(world.plan({ kind: "lsn", lsn: at(mib), timeline: 2 })).reaches.incarnation;
    expect([lifeAt(84), lifeAt(89)]).toEqual(["cccccccc", "bbbbbbbb"]);
  });

  it("before a fork is recovered along the old timeline, and not beyond the fork", () => {
    const { world, time } = leftWorld();
    const found = plan(world.plan({ kind: "time", time: time(60) }));
    expect(found.recovery.timeline).toBe(1);
    expect(found.walNeeded.at(-1)).toMatchObject({ segment: "000000010000000000000004", upTo: 6 * 1024 * 1024 });
  });
});

describe("a point and a backup by name", () => {
  it("a point is reached by its name with the WAL up to it, and missing it is a failure", () => {
    const { world, branch, late } = plainWorld();
    const name = world.attest(late, branch, 52);
    const found = plan(world.plan({ kind: "point", name }));
    expect(found.recovery).toEqual({ timeline: 1, target: { name }, unreached: "fail" });
    expect(found.walNeeded.map(({ segment }) => segment.slice(-2))).toEqual(["03"]);
    expect(found.reaches).toMatchObject({ lsn: "0/3400000", notLaterThan: late.attested?.at });
  });

  it("a proof of one backup takes that one, although another would do", () => {
    const { world, branch, early, late } = plainWorld();
    const name = world.attest(late, branch, 52);
    expect(plan(world.plan({ kind: "point", name }, { only: early.id })).backup.id).toBe(early.id);
  });

  it("a point that nobody knows is impossible, and those known are named", () => {
    const { world, branch, late } = plainWorld();
    const name = world.attest(late, branch, 52);
    expect(impossible(world.plan({ kind: "point", name: "before_lunch" })).message).toContain(name);
  });

  it("a backup is restored as it is, also from a branch that was left", () => {
    const { world, branch } = plainWorld();
    const abandoned = world.backup(branch, 90);
    const second = world.live("bbbbbbbb", 90, { parent: branch, from: 70 });
    world.receive(second, 64, 90);
    const found = plan(world.plan({ kind: "backup", id: abandoned.id }));
    expect(found).toMatchObject({
      walNeeded: [],
      recovery: { timeline: 1, target: null },
      reaches: { lsn: "0/5A00000" },
    });
    expect(found.lost).toEqual({ from: "0/4600000", to: "0/5A00000", reason: "target" });
  });

  it("a backup that is damaged, or that there is not, is refused by name", () => {
    const { world, branch } = plainWorld();
    const damaged = world.backup(branch, 80, { state: "damaged" });
    expect(impossible(world.plan({ kind: "backup", id: damaged.id })).message).toContain(
      "part-0001.tar.zst in primary is missing",
    );
    expect(impossible(world.plan({ kind: "backup", id: "nope" })).message).toContain("There is no backup nope");
  });
});

describe("times", () => {
  it("are read to the microsecond in every form that PostgreSQL and ISO 8601 have", () => {
    const expected = Date.parse("2026-11-23T00:10:48.290Z") * 1000 + 427;
    for (const text of [
      "2026-11-23T00:10:48.290427Z",
      "2026-11-23 00:10:48.290427+00",
      "2026-11-23 02:10:48.290427+02:00",
      "2026-11-22T19:10:48.290427-0500",
    ]) {
      expect(microseconds(text), text).toBe(expected);
    }
    for (const text of ["2026-11-23T00:10:48", "yesterday", "", "2026-13-01T00:00:00Z"])
      expect(microseconds(text), text).toBeNull();
  });
});
