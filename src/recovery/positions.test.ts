import fc from "fast-check";
import { expect, it } from "vitest";
import { fuzz } from "../../test/support/library.ts";
import { lsn } from "../postgres/lsn.ts";
import { Positions, riskSeconds, type Sample } from "./positions.ts";

const at = (position: number, seconds: number): Sample => ({ position: lsn(BigInt(position)), at: seconds * 1_000 });
const samples = [at(100, 0), at(200, 10), at(300, 20)];
const risk = (durable: number | null, seconds: number) =>
  riskSeconds(samples, durable === null ? null : lsn(BigInt(durable)), seconds * 1_000);

it("a location that has PostgreSQL's newest position risks nothing, however old that is", () => {
  expect(risk(300, 20)).toBe(0);
  expect(risk(301, 5_000)).toBe(0);
});

it("a location that lags risks everything since the newest moment that it has whole", () => {
  expect(risk(200, 25)).toBe(15);
  expect(risk(299, 25)).toBe(15);
  expect(risk(100, 25)).toBe(25);
});

it("nobody can tell the risk of a location that has nothing, or only what was written before the first sample", () => {
  expect(risk(null, 25)).toBeNull();
  expect(risk(99, 25)).toBeNull();
  expect(riskSeconds([], lsn(7n), 0)).toBeNull();
});

it("a clock that seems to run backwards gives no negative risk", () => {
  expect(risk(200, 9)).toBe(0);
});

it("a position that does not move takes no room, and its newest moment counts", () => {
  const positions = new Positions();
  for (const sample of [at(100, 0), at(100, 1), at(100, 2), at(200, 3)]) positions.add(sample);
  expect(positions.samples).toEqual([at(100, 2), at(200, 3)]);
});

it("of a server that is behind the last one, the old samples say nothing", () => {
  const positions = new Positions();
  for (const sample of [at(100, 0), at(200, 1), at(150, 2)]) positions.add(sample);
  expect(positions.samples).toEqual([at(150, 2)]);
});

it("however many samples there were, few are kept, and the risk told from them is never less than it is", () => {
  const steps = fc.array(fc.record({ bytes: fc.nat({ max: 3 }), seconds: fc.integer({ min: 1, max: 3 }) }), {
    minLength: 1,
    maxLength: 200,
  });
  fc.assert(
    fc.property(steps, fc.nat({ max: 600 }), fc.integer({ min: 4, max: 20 }), (taken, durable, capacity) => {
      const all: Sample[] = [];
      const few = new Positions(capacity);
      let [position, seconds] = [0, 0];
      for (const step of taken) {
        position += step.bytes;
        seconds += step.seconds;
        all.push(at(position, seconds));
        few.add(at(position, seconds));
      }
      expect(few.samples.length).toBeLessThanOrEqual(capacity);
      const told = riskSeconds(few.samples, lsn(BigInt(durable)), seconds * 1_000);
      const exact = riskSeconds(all, lsn(BigInt(durable)), seconds * 1_000);
      if (told !== null) expect(told).toBeGreaterThanOrEqual(exact ?? 0);
      if (durable >= position) expect(told).toBe(0);
      // Ascending in both, so that the newest at or below a position can be found.
      for (const [index, sample] of few.samples.entries()) {
        const before = few.samples[index - 1];
        if (before) expect(before.position < sample.position && before.at < sample.at).toBe(true);
      }
    }),
    fuzz,
  );
});

it("hours of lag are still told: the oldest samples thin out, they do not fall away", () => {
  const positions = new Positions(100);
  for (let second = 0; second < 10_000; second++) positions.add(at(second + 1, second));
  expect(positions.samples[0]).toEqual(at(1, 0));
  expect(riskSeconds(positions.samples, lsn(1n), 10_000_000)).toBe(10_000);
});
