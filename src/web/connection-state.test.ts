import { expect, it } from "vitest";
import { PromptlibError, type SystemHealth } from "../sdk/index.ts";
import {
  type Connection,
  connectionAfter,
  connectionOf,
  isBetter,
  isDatabaseRead,
  refusalAtTheDoor,
  UNREACHABLE,
} from "./connection-state.ts";
import { minute } from "./shell/dates.ts";

const OFF: SystemHealth["maintenance"] = { mode: "off", message: "", since: null, endsAt: null };

function health(
  status: SystemHealth["status"],
  database: "up" | "down",
  mirror: "up" | "degraded" = "up",
): SystemHealth {
  const part = (state: "up" | "degraded" | "down") => ({ state, latencyMs: null, note: null });
  return {
    status,
    message: "as it is",
    version: "1",
    maintenance: OFF,
    parts: { database: part(database), mirror: part(mirror) },
  };
}

it("without the database one reads, without both one waits", () => {
  expect(connectionOf(health("healthy", "up")).state).toBe("well");
  expect(connectionOf(health("degraded", "down")).state).toBe("reading");
  expect(connectionOf(health("down", "down"))).toEqual({ state: "away", why: "database", message: "as it is" });
});

it("who is not signed in yet waits for the database, not for the end of maintenance", () => {
  const door = (status: SystemHealth["status"], database: "up" | "down", mode: "off" | "closed" = "off") =>
    refusalAtTheDoor(connectionOf({ ...health(status, database), maintenance: { ...OFF, mode } }))?.headline;
  expect(door("healthy", "up")).toBeUndefined();
  expect(door("healthy", "up", "closed")).toBeUndefined();
  expect(door("degraded", "down")).toBe("Signing in waits for the database.");
  expect(door("degraded", "down", "closed")).toBe("Signing in waits for the database.");
  expect(door("down", "down")).toBe("Signing in waits for the database.");
  expect(refusalAtTheDoor(UNREACHABLE)?.message).toBe("The server does not answer.");
});

it("in maintenance one reads, or waits, and is told what those in charge say", () => {
  const during = (mode: "read-only" | "closed", message: string) =>
    connectionOf({ ...health("healthy", "up"), maintenance: { ...OFF, mode, message } });
  expect(during("read-only", "Moving house.")).toEqual({
    state: "reading",
    why: "maintenance",
    message: "Moving house. What you write is kept in this browser.",
  });
  expect(during("closed", "").state).toBe("away");
  const endsAt = "2026-11-26T12:30:00Z";
  const ends = connectionOf({ ...health("healthy", "up"), maintenance: { ...OFF, mode: "read-only", endsAt } });
  expect(ends).toMatchObject({
    message: `The library is in maintenance. It is planned to end ${minute.format(Date.parse(endsAt))}. What you write is kept in this browser.`,
  });
  expect(connectionAfter(new PromptlibError("maintenance"))?.state).toBe("reading");
});

it("what the mirror does not have is read in maintenance, too, unless it is closed or the database is away", () => {
  const during = (mode: "off" | "read-only" | "closed", database: "up" | "down" = "up") =>
    isDatabaseRead(connectionOf({ ...health("healthy", database), maintenance: { ...OFF, mode } }));
  expect([during("off"), during("read-only"), during("closed")]).toEqual([true, true, false]);
  expect([during("off", "down"), during("read-only", "down"), isDatabaseRead(UNREACHABLE)]).toEqual([
    false,
    false,
    false,
  ]);
});

it("each step up is one: from nothing to reading from the mirror, from there to the database, from there to writing", () => {
  const during = (mode: "off" | "read-only" | "closed", database: "up" | "down") =>
    connectionOf({ ...health("healthy", database), maintenance: { ...OFF, mode } });
  const steps: Connection[] = [UNREACHABLE, during("off", "down"), during("read-only", "up"), during("off", "up")];
  const better = steps.map((next) => steps.map((before) => isBetter(next, before)));
  expect(better).toEqual(steps.map((_, next) => steps.map((_, before) => next > before)));
  expect(isBetter(during("read-only", "up"), during("closed", "up"))).toBe(true);
  expect(isBetter(during("read-only", "down"), during("off", "down"))).toBe(false);
});

it("a mirror that lags, or a disk that fills, is the operator’s to worry about", () => {
  expect(connectionOf(health("degraded", "up", "degraded")).state).toBe("well");
});

it("a call that failed tells of the connection only where it is about it", () => {
  expect(connectionAfter(new PromptlibError("server_unreachable"))?.state).toBe("away");
  expect(connectionAfter(new PromptlibError("database_unavailable"))?.state).toBe("reading");
  expect(connectionAfter(new PromptlibError("forbidden"))).toBeNull();
  expect(connectionAfter(new Error("a bug"))).toBeNull();
});
