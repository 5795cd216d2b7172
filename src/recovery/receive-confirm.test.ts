import { expect, it } from "vitest";
import { lsn } from "../postgres/lsn.ts";
import { confirmation, type HeldBy } from "./receive-confirm.ts";

const at = (position: number) => lsn(BigInt(position));
function held(durable: number | null, more: Partial<HeldBy> = {}): HeldBy {
  return { durable: durable === null ? null : at(durable), domain: "host", required: false, fenced: false, ...more };
}
function confirmed(locations: HeldBy[], { received = 1_000, server = 1_000, keep = 1_000_000, began = 0 } = {}) {
  const asked = { locations, received: at(received), server: at(server), began: at(began), keepBytes: BigInt(keep) };
  const { flushed, alarm } = confirmation(asked);
  return { flushed: flushed === null ? null : Number(flushed), alarm };
}

it("what all required locations have may go, whatever others have", () => {
  const locations = [held(300, { required: true }), held(500, { required: true }), held(900)];
  expect(confirmed(locations)).toEqual({ flushed: 300, alarm: false });
});

it("a required location of which nothing is known keeps everything", () => {
  expect(confirmed([held(null, { required: true }), held(500, { required: true })]).flushed).toBeNull();
});

it("where none is required, one outside of PostgreSQL's disk is enough, and one on it is not", () => {
  const locations = [held(900, { domain: "disk" }), held(300), held(500, { domain: "elsewhere" })];
  expect(confirmed(locations).flushed).toBe(500);
});

it("where all lie on PostgreSQL's disk, one of them is enough", () => {
  expect(confirmed([held(900, { domain: "disk" }), held(300, { domain: "disk" })]).flushed).toBe(900);
});

it("a fenced location does not count, also when it is required", () => {
  expect(confirmed([held(100, { required: true, fenced: true }), held(700)]).flushed).toBe(700);
  expect(confirmed([held(100, { fenced: true })]).flushed).toBeNull();
});

it("never more than is synced in the spool", () => {
  expect(confirmed([held(900)], { received: 800 }).flushed).toBe(800);
});

it("locations that lag more than half of what PostgreSQL keeps raise an alarm, and the spool counts", () => {
  expect(confirmed([held(500)], { keep: 1_000 })).toEqual({ flushed: 500, alarm: false });
  expect(confirmed([held(499)], { keep: 1_000 })).toEqual({ flushed: 1_000, alarm: true });
  expect(confirmed([held(null)], { keep: 1_000, began: 400 })).toEqual({ flushed: 1_000, alarm: true });
  expect(confirmed([held(null)], { keep: 1_000, began: 600 })).toEqual({ flushed: null, alarm: false });
});
