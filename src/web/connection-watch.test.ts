import { expect, it } from "vitest";
import { PromptlibError, type SystemHealth } from "../sdk/index.ts";
import { connectionOf, UNREACHABLE, WELL } from "./connection-state.ts";
import { AT_FIRST, afterLook, afterTrouble, type Watch } from "./connection-watch.ts";

const unreachable = new PromptlibError("server_unreachable");
const withoutDatabase = new PromptlibError("database_unavailable");
const READING = connectionOf({
  status: "degraded",
  message: "",
  version: "1",
  maintenance: { mode: "off", message: "", since: null, endsAt: null },
  parts: { database: { state: "down", latencyMs: null, note: null } },
} satisfies SystemHealth);

it("a call that nobody answers makes nothing away yet: that does who looks and is not answered either", () => {
  const doubted = afterTrouble(AT_FIRST, unreachable);
  expect(doubted).not.toBe(AT_FIRST);
  expect(doubted.connection).toBe(WELL);
  const away = afterLook(doubted, UNREACHABLE, 0);
  expect(away).toMatchObject({ connection: UNREACHABLE, recoveries: 0, gaveChanceAt: null });
  const reading = afterLook(away, READING, 1);
  expect(reading).toMatchObject({ connection: READING, recoveries: 1 });
  expect(afterLook(reading, WELL, 2)).toMatchObject({ connection: WELL, recoveries: 2, gaveChanceAt: null });
});

it("the server’s own word is taken at once", () => {
  expect(afterTrouble(AT_FIRST, withoutDatabase).connection).toEqual(READING);
  expect(afterTrouble(AT_FIRST, new PromptlibError("maintenance")).connection.state).toBe("reading");
  expect(afterTrouble(AT_FIRST, new PromptlibError("forbidden"))).toBe(AT_FIRST);
});

it("what was over before anybody looked is loaded anew", () => {
  expect(afterLook(afterTrouble(AT_FIRST, withoutDatabase), WELL, 0)).toMatchObject({
    connection: WELL,
    recoveries: 1,
  });
  expect(afterLook(afterTrouble(AT_FIRST, unreachable), WELL, 0).recoveries).toBe(1);
  // The server is up again, the database not yet.
  expect(afterLook(afterTrouble(AT_FIRST, unreachable), READING, 0)).toMatchObject({
    connection: READING,
    recoveries: 1,
  });
});

it.each([unreachable, withoutDatabase])(
  "a call that fails for ever while all is well gets one chance (%s)",
  (error) => {
    const fail = (watch: Watch, now: number) => afterLook(afterTrouble(watch, error), WELL, now);
    let watch = AT_FIRST;
    for (let minute = 0; minute < 4; minute += 1) watch = fail(watch, minute * 60_000);
    expect(watch).toMatchObject({ connection: WELL, recoveries: 1 });
    // Who recovers from what was seen is not held back by it.
    expect(afterLook(afterLook(watch, UNREACHABLE, 240_000), WELL, 241_000).recoveries).toBe(2);
    expect(fail(watch, 3_600_000).recoveries).toBe(2);
  },
);
