import { describe, expect, it } from "vitest";
import { bytesBetween, lasting, localMoment, utcMoment, withCommands } from "./words.ts";

describe("figures", () => {
  it.each([
    [0, "0 s"],
    [0.04, "0 s"],
    [0.4, "0.4 s"],
    [9.94, "9.9 s"],
    [75, "75 s"],
    [100, "2 min"],
    [3_600, "60 min"],
    [12_600, "3.5 h"],
    [1_036_800, "12 days"],
  ])("%d seconds are %s", (seconds, words) => expect(lasting(seconds)).toBe(words));

  it("positions of the WAL differ by bytes, over the border of a word, too; what is none has no difference", () => {
    expect(bytesBetween("0/2000120", "0/3032510")).toBe(0x3032510 - 0x2000120);
    expect(bytesBetween("0/FFFFFFFF", "1/0")).toBe(1);
    expect(bytesBetween("latest", "1/0")).toBeNull();
  });

  it("moments are told by the clock of who looks, and by UTC where that is another one", () => {
    const at = Date.parse("2026-11-26T00:55:35Z");
    const isUtc = new Date(at).getTimezoneOffset() === 0;
    expect(localMoment(at)).toMatch(/^2[56] Nov 2026, \d\d:\d\d:35 \S+$/);
    if (isUtc) expect(utcMoment(at)).toBeNull();
    else expect(utcMoment(at)).toMatch(/00:55:35 UTC$/);
  });
});

it("what is typed is set apart from what is said, and nothing is lost", () => {
  const codes = (text: string) => withCommands(text).flatMap(({ text: piece, isCode }) => (isCode ? [piece] : []));
  expect(codes("Measure it with: promptlib drill database-failure")).toEqual(["promptlib drill database-failure"]);
  expect(codes("Make one with promptlib backup, and look at what promptlib info says.")).toEqual([
    "promptlib backup",
    "promptlib info",
  ]);
  const url = "BACKUP_LOCATIONS=file:///mnt/other-machine?domain=elsewhere";
  expect(codes(`Name a location elsewhere, such as ${url}.`)).toEqual([url]);
  expect(codes("Its report lies in recovery/drills of the home; logs/postgres.log says why.")).toEqual([
    "recovery/drills",
    "logs/postgres.log",
  ]);
  const text = "Put BACKUP_DIR on another disk. WAL was lost.";
  expect(
    withCommands(text)
      .map((piece) => piece.text)
      .join(""),
  ).toBe(text);
  expect(codes(text)).toEqual(["BACKUP_DIR"]);
});
