import { describe, expect, it } from "vitest";
import { lsn, parseLsn } from "../postgres/lsn.ts";
import type { Claim } from "./layout.ts";
import { lineageOf } from "./lineage.ts";
import { lineTo, type TimelineHistory } from "./lineage-line.ts";

const SYSTEM = "7300000000000000001";

function claim(
  number: number,
  incarnation: string,
  from: { incarnation: string; timeline?: number; lsn?: string } | null = null,
): Claim {
  return {
    number,
    library: "library",
    incarnation,
    systemId: SYSTEM,
    since: `2026-11-22T0${number}:00:00.000Z`,
    host: `host-${incarnation}`,
    from: from && { timeline: 1, lsn: "0/3000000", ...from },
  };
}

const names = (lives: readonly { incarnation: string }[]) => lives.map(({ incarnation }) => incarnation);

describe("the lineage", () => {
  it("of one life is that life", () => {
    const lineage = lineageOf([[claim(1, "a")]]);
    expect(lineage.present?.incarnation).toBe("a");
    expect(names(lineage.chain)).toEqual(["a"]);
    expect(lineage.abandoned).toEqual([]);
  });

  it("of two restores from the same life is that of the one that claimed last; the other is abandoned", () => {
    const lineage = lineageOf([
      [claim(1, "a"), claim(2, "b", { incarnation: "a" }), claim(3, "c", { incarnation: "a" })],
    ]);
    expect(names(lineage.chain)).toEqual(["a", "c"]);
    expect(names(lineage.abandoned)).toEqual(["b"]);
  });

  it("is not turned back by a location that was away when the newest life claimed the others", () => {
    const away = [claim(1, "a")];
    const lineage = lineageOf([away, [claim(1, "a"), claim(2, "b", { incarnation: "a" })], away]);
    expect(lineage.present?.incarnation).toBe("b");
    expect(lineage.warnings).toEqual([]);
  });

  it("of locations that disagree is that of the younger claim, and both are named", () => {
    const first = [claim(1, "a"), claim(2, "b", { incarnation: "a" })];
    const second = [claim(1, "a"), claim(3, "c", { incarnation: "a" })];
    const lineage = lineageOf([first, second]);
    expect(lineage.present?.incarnation).toBe("c");
    expect(lineage.warnings).toEqual([expect.stringMatching(/disagree.*c on host-c claimed last, and b on host-b/)]);
  });

  it("goes on over a life of which no claim is left", () => {
    const lineage = lineageOf([[claim(3, "c", { incarnation: "b" })]]);
    expect(names(lineage.chain)).toEqual(["b", "c"]);
    expect(lineage.chain[0]).toEqual({ incarnation: "b", systemId: SYSTEM, from: null, since: null, host: null });
  });

  it("without any claim is told by the newest backup", () => {
    const lineage = lineageOf(
      [[]],
      [
        { incarnation: "a", systemId: SYSTEM },
        { incarnation: "b", systemId: SYSTEM },
      ],
    );
    expect(lineage.present?.incarnation).toBe("b");
    expect(lineageOf([]).present).toBeNull();
  });

  it("of a home that could not claim anything since its restore is its own", () => {
    const own = { incarnation: "b", systemId: SYSTEM, from: { incarnation: "a", timeline: 1, lsn: "0/3000000" } };
    const claims = [[claim(1, "a")]];
    expect(names(lineageOf(claims, [{ incarnation: "a", systemId: SYSTEM }, own]).chain)).toEqual(["a", "b"]);
  });

  it("of a home that was fenced is that of the newer claim", () => {
    const own = { incarnation: "a", systemId: SYSTEM, from: null };
    const claims = [[claim(1, "a"), claim(2, "b", { incarnation: "a" })]];
    expect(lineageOf(claims, [own]).present?.incarnation).toBe("b");
  });

  it("does not go round where claims contradict each other, and passes over an origin that is none", () => {
    const round = lineageOf([[claim(1, "a", { incarnation: "b" }), claim(2, "b", { incarnation: "a" })]]);
    expect(round.chain.length).toBe(2);
    const odd = lineageOf([[claim(1, "a", { incarnation: "b", lsn: "somewhere" })]]);
    expect(odd.chain).toEqual([expect.objectContaining({ incarnation: "a", from: null })]);
    expect(odd.warnings).toEqual(["Claim 1 does not say where a began: somewhere."]);
  });
});

describe("the line to a timeline", () => {
  const claims = [claim(1, "a"), claim(2, "b", { incarnation: "a", timeline: 2, lsn: "0/5000100" })];
  const { lives } = lineageOf([claims]);
  const b = lives.get("b");
  const history = (incarnation: string, timeline: number, ...branches: [number, string][]): TimelineHistory => ({
    incarnation,
    timeline,
    branches: branches.map(([left, position]) => ({ timeline: left, lsn: parseLsn(position) })),
    stored: new Date("2026-11-22T03:30:00Z"),
  });
  const spans = (histories: TimelineHistory[], timeline = 3) =>
    b &&
    lineTo({ life: b, timeline }, { lives, histories }).map((span) => [
      span.incarnation,
      span.timeline,
      span.from,
      span.to,
    ]);

  it("follows the history files through a failover and a restore", () => {
    const histories = [history("a", 2, [1, "0/4000000"]), history("b", 3, [1, "0/4000000"], [2, "0/5000200"])];
    expect(spans(histories)).toEqual([
      ["a", 1, lsn(0n), parseLsn("0/4000000")],
      ["a", 2, parseLsn("0/4000000"), parseLsn("0/5000200")],
      ["b", 3, parseLsn("0/5000200"), null],
    ]);
  });

  it("follows the claims where history files are lost", () => {
    expect(spans([])).toEqual([
      ["a", 2, lsn(0n), parseLsn("0/5000100")],
      ["b", 3, parseLsn("0/5000100"), null],
    ]);
  });

  it("leaves out what was left before it had anything of its own", () => {
    const histories = [history("a", 2, [1, "0/5000100"]), history("b", 3, [1, "0/5000100"], [2, "0/5000100"])];
    expect(spans(histories)?.map(([incarnation, timeline]) => [incarnation, timeline])).toEqual([
      ["a", 1],
      ["b", 3],
    ]);
  });

  it("knows since when: the claim for the first timeline of an incarnation, the history file for the next", () => {
    const histories = [history("b", 4, [2, "0/5000100"], [3, "0/6000000"])];
    const line = b ? lineTo({ life: b, timeline: 4 }, { lives, histories }) : [];
    expect(line.map(({ since }) => since?.toISOString() ?? null)).toEqual([
      null,
      "2026-11-22T02:00:00.000Z",
      "2026-11-22T03:30:00.000Z",
    ]);
  });
});
