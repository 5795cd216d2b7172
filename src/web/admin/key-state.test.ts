import { expect, it } from "vitest";
import { expiresAt, isOver, keyState, scopesOf } from "./key-state.ts";

const now = Date.parse("2026-11-26T12:00:00Z");
const key = (expires: string | null, revoked: string | null = null) => ({ expiresAt: expires, revokedAt: revoked });

it("a key works, ends soon, ended by itself or was revoked", () => {
  expect(keyState(key(null), now)).toEqual({ state: "works" });
  expect(keyState(key("2027-11-26T12:00:00Z"), now)).toMatchObject({ state: "ends", soon: false });
  expect(keyState(key("2026-12-01T12:00:00Z"), now)).toMatchObject({ state: "ends", soon: true });
  expect(keyState(key("2026-11-26T12:00:00Z"), now)).toMatchObject({ state: "expired" });
  const revoked = keyState(key("2027-11-26T12:00:00Z", "2026-11-01T00:00:00Z"), now);
  expect(revoked).toEqual({ state: "revoked", at: "2026-11-01T00:00:00Z" });
  expect(isOver(revoked)).toBe(true);
  expect(isOver(keyState(key(null), now))).toBe(false);
});

it("a day counts to its end here; one that is over, or no day, is none", () => {
  expect(expiresAt({ kind: "never" }, now)).toBeNull();
  expect(expiresAt({ kind: "days", days: 30 }, now)).toBe("2026-12-26T12:00:00.000Z");
  expect(expiresAt({ kind: "day", day: "2027-01-31" }, now)).toBe(new Date(2027, 0, 31, 23, 59, 59, 999).toISOString());
  expect(expiresAt({ kind: "day", day: "2026-11-20" }, now)).toBeUndefined();
  expect(expiresAt({ kind: "day", day: "" }, now)).toBeUndefined();
});

it("labels become scopes, each once, whether or not somebody wrote label: before it", () => {
  expect(scopesOf(true, false, "")).toEqual(["read"]);
  expect(scopesOf(false, true, " production, label:staging production")).toEqual([
    "write",
    "label:production",
    "label:staging",
  ]);
  expect(scopesOf(false, false, " ")).toEqual([]);
});
