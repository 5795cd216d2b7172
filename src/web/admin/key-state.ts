/** How an API key stands at a moment. Pure. */
import type { ApiKey } from "../../sdk/index.ts";

export type KeyState =
  | { state: "works" }
  /** Works, and ends by itself. `soon`: within a week. */
  | { state: "ends"; at: string; soon: boolean }
  | { state: "expired" | "revoked"; at: string };

const SOON_MS = 7 * 86_400_000;

export function keyState({ expiresAt, revokedAt }: Pick<ApiKey, "expiresAt" | "revokedAt">, now: number): KeyState {
  if (revokedAt !== null) return { state: "revoked", at: revokedAt };
  if (expiresAt === null) return { state: "works" };
  const left = Date.parse(expiresAt) - now;
  return left <= 0 ? { state: "expired", at: expiresAt } : { state: "ends", at: expiresAt, soon: left <= SOON_MS };
}

export function isOver({ state }: KeyState): boolean {
  return state === "expired" || state === "revoked";
}

/** What the choices of a new key come to: days from now, a day of the calendar here, or never. */
export type Expiry = { kind: "never" } | { kind: "days"; days: number } | { kind: "day"; day: string };

/** As the server takes it; null: never. A day counts to its end, on the clock of this browser. Undefined: not said yet. */
export function expiresAt(expiry: Expiry, now: number): string | null | undefined {
  switch (expiry.kind) {
    case "never":
      return null;
    case "days":
      return new Date(now + expiry.days * 86_400_000).toISOString();
    case "day": {
      const end = Date.parse(`${expiry.day}T23:59:59.999`);
      return Number.isNaN(end) || end <= now ? undefined : new Date(end).toISOString();
    }
  }
}

/** Scopes as they are sent: what is ticked, and `label:NAME` for each name that was typed. */
export function scopesOf(read: boolean, write: boolean, labels: string): string[] {
  const names = labels.split(/[\s,]+/).filter((name) => name !== "");
  return [
    ...(read ? ["read"] : []),
    ...(write ? ["write"] : []),
    ...new Set(names.map((name) => `label:${name.replace(/^label:/, "")}`)),
  ];
}
