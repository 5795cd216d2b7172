import { describe, expect, it } from "vitest";
import { endOf, maintenanceLines } from "./maintenance.ts";

const NOW = new Date("2027-01-31T12:00:00Z");

describe("the planned end", () => {
  it("is given as how long from now, or as a time", () => {
    expect(endOf("90m", NOW)).toBe("2027-01-31T13:30:00.000Z");
    expect(endOf("2027-02-01T00:00:00+01:00", NOW)).toBe("2027-01-31T23:00:00.000Z");
  });

  it.each(["0s", "2027-01-31T11:59:00Z", "noon", "-1h"])("is not %s", (text) => {
    expect(() => endOf(text, NOW)).toThrow();
  });
});

it("is told in plain words, with what ends it", () => {
  const off = { mode: "off", message: "", since: null, endsAt: null } as const;
  expect(maintenanceLines(off)).toEqual(["There is no maintenance."]);
  const lines = maintenanceLines({
    ...off,
    mode: "closed",
    message: "Back\u001b[2J at noon.",
    since: NOW.toISOString(),
  });
  expect(lines.slice(0, 2)).toEqual(["The library is closed: nothing is read or written.", "Back at noon."]);
  expect(lines[2]).toMatch(/planned end: not known\. End it with: promptlib maintenance off$/);
});
