/** Random pasts: whatever was written, restored, left and received, a plan leads to exactly what was asked for, or there is no way. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseLsn } from "../postgres/lsn.ts";
import type { ListedBackup } from "./backups.ts";
import type { Impossible, RestorePlan } from "./restore-plan-shapes.ts";
import {
  at,
  type Branch,
  lineOf,
  mib,
  nameOf,
  ownerOf,
  PER_SEGMENT,
  timeOf,
  World,
} from "./testing/restore-plan-world.ts";

const fuzz = { numRuns: 1500, ...(process.env.FUZZ_SEED ? { seed: Number(process.env.FUZZ_SEED) } : {}) };

const fraction = fc.double({ min: 0, max: 1, noNaN: true });
const step = fc.record({
  /** Which of the branches before it began from, and where on it. */
  parent: fraction,
  fork: fraction,
  failover: fc.boolean(),
  length: fc.integer({ min: 1, max: 60 }),
  lag: fc.constantFrom(200, 200, 200, 10 * 60_000, 3 * 3600_000),
  /** What of it was not received. */
  holes: fc.array(fc.record({ from: fraction, length: fc.integer({ min: 1, max: 20 }) }), { maxLength: 2 }),
  backups: fc.array(
    fc.record({
      end: fraction,
      state: fc.constantFrom("whole", "whole", "whole", "damaged", "unfinished"),
      major: fc.constantFrom(18, 18, 18, 17),
    } as const),
    { maxLength: 3 },
  ),
});
const past = fc.record({ steps: fc.array(step, { minLength: 1, maxLength: 4 }), where: fraction, which: fraction });

type Past = typeof past extends fc.Arbitrary<infer T> ? T : never;

/** The branch that counts is the last one. */
function worldOf({ steps }: Past): World {
  const world = new World();
  for (const [index, one] of steps.entries()) {
    const branch = branchOf(world, one, index);
    const start = branch.from - (branch.from % PER_SEGMENT);
    const holes = one.holes.map(({ from, length }) => ({
      from: start + Math.floor(from * (branch.to - start)),
      length,
    }));
    receiveBut(world, branch, start, holes, one.lag);
    for (const [number, { end, state, major }] of one.backups.entries()) {
      const position = branch.from + 1 + Math.floor(end * (branch.to - branch.from - 1));
      const id = `${new Date(timeOf(branch, position)).toISOString()}-${index}${number}`;
      world.backup(branch, position, { id, state, major, start: Math.max(branch.from, position - 1) });
    }
  }
  return world;
}

function branchOf(world: World, one: Past["steps"][number], index: number): Branch {
  const last = world.branches.at(-1);
  const parent = world.branches[Math.floor(one.parent * (world.branches.length - 0.001))];
  if (!parent || !last) return world.live(`inc${index}`, one.length);
  // A primary that is promoted goes on from the newest branch; a restore may begin from any.
  const origin = one.failover ? last : parent;
  const from = Math.max(1, origin.from + 1 + Math.floor(one.fork * (origin.to - origin.from - 1)));
  if (one.failover) return world.promote(origin, from, from + one.length);
  return world.live(`inc${index}`, from + one.length, { parent: origin, from });
}

function receiveBut(
  world: World,
  branch: Branch,
  start: number,
  holes: { from: number; length: number }[],
  lag: number,
) {
  const missing = (position: number) => holes.some(({ from, length }) => position >= from && position < from + length);
  for (let from = start; from < branch.to; ) {
    let to = from;
    while (to < branch.to && !missing(to)) to += 1;
    if (to > from) world.receive(branch, from, to, lag);
    from = to + 1;
  }
}

/** The way to the end of the branch, one owner a MiB. */
function present(world: World): Branch {
  const branch = world.branches.at(-1);
  if (!branch) throw new Error("nothing was written");
  return branch;
}

function isUsable({ state, manifest }: ListedBackup): boolean {
  return state === "whole" && manifest?.postgres.major === 18;
}

/** On the way to the end of the branch, oldest first. */
function backupsOn(world: World, branch: Branch): { end: number; backup: ListedBackup }[] {
  return world.backups
    .flatMap((backup) =>
      backup.manifest ? [{ backup, manifest: backup.manifest, end: mib(parseLsn(backup.manifest.end.lsn)) }] : [],
    )
    .filter(
      ({ manifest, end }) => nameOf(ownerOf(branch, end - 1)) === `${manifest.incarnation}/${manifest.end.timeline}`,
    )
    .sort((one, other) => one.end - other.end);
}

/** Naively, MiB by MiB: how far the WAL goes on behind the end of a backup. */
function naiveReach(world: World, branch: Branch, end: number): number {
  let position = end;
  while (position < branch.to && isThere(world, branch, position)) position += 1;
  return position;
}

function isThere(world: World, branch: Branch, position: number): boolean {
  const segment = position - (position % PER_SEGMENT);
  const holders = lineOf(branch).filter(({ from }) => from < segment + PER_SEGMENT);
  const owner = ownerOf(branch, position);
  return holders.some((holder) => {
    if (lineOf(branch).indexOf(holder) < lineOf(branch).findIndex((one) => nameOf(one) === nameOf(owner))) return false;
    const known = mib(world.coverage(holder.incarnation).coveredFrom({ timeline: holder.timeline, lsn: at(segment) }));
    // A copied beginning only helps together with what was added to it.
    return known > position && (holder === owner || known > holder.from);
  });
}

/** Whether anything tells that the branch went on behind the position. */
function isKnown(world: World, branch: Branch, position: number): boolean {
  const wal = lineOf(branch).some(({ incarnation, timeline, from }, index, line) => {
    const end = at(line[index + 1]?.from ?? branch.to);
    const start = at(Math.max(position, from));
    return (
      start < end &&
      world
        .coverage(incarnation)
        .ranges(timeline)
        .some((range) => range.to > start && range.from < end)
    );
  });
  return wal || backupsOn(world, branch).some(({ end }) => end > position);
}

function isPlan(found: RestorePlan | Impossible): found is RestorePlan {
  return found.kind === "plan";
}

/** It replays nothing but what is on the way, and says rightly how far. */
function expectRight(world: World, plan: RestorePlan, branch: Branch): number {
  const recovered = world.recover(plan);
  const end = mib(parseLsn(plan.backup.end.lsn));
  const expected = Array.from({ length: recovered.end - end }, (_, index) => nameOf(ownerOf(branch, end + index)));
  expect(recovered.replayed).toEqual(expected);
  expect(nameOf(ownerOf(branch, end - 1))).toBe(`${plan.backup.incarnation}/${plan.backup.end.timeline}`);
  // PostgreSQL writes the history of the timeline it recovers along, and this end, into that of the new one.
  const along = lineOf(branch).find(({ timeline }) => timeline === plan.recovery.timeline);
  expect(recovered.end).toBeGreaterThanOrEqual(along?.from ?? Number.POSITIVE_INFINITY);
  return recovered.end;
}

describe("in any past, a plan", () => {
  it("for the latest state leads along the line that counts as far as any backup does", () => {
    fc.assert(
      fc.property(past, (random) => {
        const world = worldOf(random);
        const branch = present(world);
        const reaches = backupsOn(world, branch)
          .filter(({ backup }) => isUsable(backup))
          .map(({ end }) => naiveReach(world, branch, end));
        const found = world.plan({ kind: "latest" });
        if (!isPlan(found)) {
          expect(reaches).toEqual([]);
          return;
        }
        const end = expectRight(world, found, branch);
        expect(end).toBe(Math.max(...reaches));
        expect(mib(parseLsn(found.reaches.lsn))).toBe(end);
        expect(found.recovery.timeline).toBe(ownerOf(branch, end - 1).timeline);
      }),
      fuzz,
    );
  });

  it("for a position leads exactly there, or no backup with the WAL behind it does", () => {
    fc.assert(
      fc.property(past, (random) => {
        const world = worldOf(random);
        const branch = present(world);
        const position = 1 + Math.floor(random.where * (branch.to + 2));
        // What began behind it has copies of what lies before, but cannot be the end of the way there.
        const last = lineOf(branch).findLast(({ from }) => from <= position) ?? branch;
        const reaching = backupsOn(world, last).filter(
          ({ backup, end }) => isUsable(backup) && end <= position && naiveReach(world, last, end) >= position,
        );
        const found = world.plan({ kind: "lsn", lsn: at(position), timeline: null });
        expect(found.kind, found.kind === "plan" ? "" : found.message).toBe(
          reaching.length > 0 ? "plan" : "impossible",
        );
        if (isPlan(found)) expect(expectRight(world, found, branch)).toBe(position);
      }),
      fuzz,
    );
  });

  it("for a position on a branch that was left replays that branch and no other", () => {
    fc.assert(
      fc.property(past, (random) => {
        const world = worldOf(random);
        const branch = world.branches[Math.floor(random.which * (world.branches.length - 0.001))];
        if (!branch) return;
        const position = branch.from + 1 + Math.floor(random.where * (branch.to - branch.from - 1));
        const found = world.plan({ kind: "lsn", lsn: at(position), timeline: branch.timeline });
        // Another incarnation may have a timeline of the same number; then the younger one is meant.
        if (isPlan(found)) {
          const { incarnation, timeline } = found.reaches;
          const meant = world.branches.find((one) => nameOf(one) === `${incarnation}/${timeline}`) ?? branch;
          expect(timeline).toBe(branch.timeline);
          expect(expectRight(world, found, meant)).toBe(position);
        } else {
          const reaching = backupsOn(world, branch).filter(
            ({ backup, end }) => isUsable(backup) && end <= position && naiveReach(world, branch, end) >= position,
          );
          expect(reaching).toEqual([]);
        }
      }),
      fuzz,
    );
  });

  it("for an attested point leads exactly there, or no backup with the WAL behind it does", () => {
    fc.assert(
      fc.property(past, (random) => {
        const world = worldOf(random);
        const named = world.backups.filter(({ manifest }) => manifest);
        const backup = named[Math.floor(random.which * (named.length - 0.001))];
        const branch = world.branches.find(
          (one) => nameOf(one) === `${backup?.manifest?.incarnation}/${backup?.manifest?.end.timeline}`,
        );
        if (!backup?.manifest || !branch) return;
        const end = mib(parseLsn(backup.manifest.end.lsn));
        const position = Math.min(branch.to, end + Math.floor(random.where * 10));
        const found = world.plan({ kind: "point", name: world.attest(backup, branch, position) });
        const reaching = backupsOn(world, branch).filter(
          (one) => isUsable(one.backup) && one.end <= position && naiveReach(world, branch, one.end) >= position,
        );
        expect(found.kind).toBe(reaching.length > 0 ? "plan" : "impossible");
        if (isPlan(found)) expect(expectRight(world, found, branch)).toBe(position);
      }),
      fuzz,
    );
  });
});

describe("in any past, a plan for a time", () => {
  it("gives all that was committed by then, says that not all is there, or fails where WAL is missing", () => {
    fc.assert(
      fc.property(past, (random) => {
        const world = worldOf(random);
        const branch = present(world);
        const [first, last] = [timeOf(branch, 1), timeOf(branch, branch.to)];
        const time = Math.floor(first + random.where * (last - first + 20 * 60_000));
        let committed = 0;
        while (committed < branch.to && timeOf(branch, committed + 1) <= time) committed += 1;
        const before = backupsOn(world, branch).filter(
          ({ backup }) => isUsable(backup) && Date.parse(backup.manifest?.end.at ?? "") <= time,
        );
        const found = world.plan(
          { kind: "time", time: new Date(time).toISOString() },
          { now: new Date(last + 3_600_000) },
        );
        // How much of the line there was at that time is known to a second, and what a later life copied of the WAL of an
        // earlier one is not looked at for a time before it began.
        const ways = lineOf(branch)
          .filter((_, index, line) => (line[index + 1]?.began ?? Number.POSITIVE_INFINITY) + 1_000 > time)
          .map((then) => {
            const reach = Math.max(0, ...before.map(({ end }) => naiveReach(world, then, end)));
            return { reach, isKnownBehind: isKnown(world, then, reach) };
          });
        const mayFail = ways.some((way) => way.reach <= committed && way.isKnownBehind);
        if (!isPlan(found)) {
          // A time so shortly before a hole that nothing behind it tells: refused rather than guessed.
          expect(before.length === 0 || mayFail, found.message).toBe(true);
          return;
        }
        const end = expectRight(world, found, branch);
        const { reached } = world.recover(found);
        if (!reached && found.recovery.unreached === "fail") {
          expect(mayFail).toBe(true);
          return;
        }
        // What was written and never received, nobody has.
        const way = ways.find((one) => end === Math.min(committed, one.reach));
        expect(ways.map((one) => Math.min(committed, one.reach))).toContain(end);
        if (end < committed) expect(way?.isKnownBehind).toBe(false);
      }),
      fuzz,
    );
  });
});
