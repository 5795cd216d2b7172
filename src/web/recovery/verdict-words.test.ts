import { describe, expect, it } from "vitest";
import type { Readiness, ReadinessReason } from "../../sdk/index.ts";
import { databaseRisk, headline, recoveryFigure, riskFigure, spoken } from "./verdict-words.ts";

const reason = (level: ReadinessReason["level"]): ReadinessReason => ({
  code: "no_backup",
  level,
  message: "",
  remedy: "",
});
const [bad, odd] = [reason("critical"), reason("warning")];

describe("the verdict", () => {
  it("is as bad as the worst reason, and counts what is to be mended before what is to be looked at", () => {
    expect(headline({ level: "ok", reasons: [] })).toBe("Protected, as promised");
    expect(headline({ level: "warning", reasons: [odd] })).toBe("Protected, with 1 thing to look at");
    expect(headline({ level: "critical", reasons: [bad] })).toBe("At risk: 1 thing to mend");
    expect(headline({ level: "critical", reasons: [odd, bad, bad] })).toBe("At risk: 2 things to mend, 1 to look at");
  });

  it("of data at risk is red beyond the promise, amber long before, and red for everything", () => {
    const risk = (ifMachineVanishes: Readiness["dataAtRisk"]["ifMachineVanishes"]) =>
      riskFigure({ ifMachineVanishes, ifDatabaseVanishes: 0 });
    expect([0, 60, 61, 3_601, "everything" as const, null].map((one) => risk(one).level)).toEqual([
      "ok",
      "ok",
      "warning",
      "critical",
      "critical",
      "warning",
    ]);
    expect(risk("everything").value).toBe("Everything");
    expect(databaseRisk({ ifMachineVanishes: null, ifDatabaseVanishes: "everything" })).toBe("everything");
  });

  it("of the time to recover is what was measured, or that nothing was", () => {
    expect(recoveryFigure(null)).toMatchObject({ level: "warning", value: "Not measured" });
    const measured = { measuredAt: "2026-11-22T06:00:00Z", by: "drill" as const };
    expect(recoveryFigure({ ...measured, seconds: 4.7 })).toMatchObject({ level: "ok", value: "4.7 s" });
    expect(recoveryFigure({ ...measured, seconds: 14_401 }).level).toBe("critical");
  });

  it("is read aloud anew only when something worth hearing changes", () => {
    const said = (seconds: number) =>
      spoken({
        ...{ at: "", level: "ok", timeToRecover: null, lastBackup: null, locations: [], reasons: [] },
        dataAtRisk: { ifMachineVanishes: seconds, ifDatabaseVanishes: 0 },
      });
    expect(said(0.4)).toBe(said(30));
    expect(said(0)).toContain("Data at risk: less than a minute. Time to recover: not measured.");
    expect(said(300)).toContain("5 minutes");
  });
});
