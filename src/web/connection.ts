/** How it stands with the server and what it stands on, as far as a page can know: the banner says it. */
import { useSyncExternalStore } from "react";
import { createClient } from "../sdk/index.ts";
import { type Connection, connectionAfter, connectionOf, isDatabaseRead, UNREACHABLE } from "./connection-state.ts";
import { AT_FIRST, afterLook, afterTrouble, type Watch } from "./connection-watch.ts";

const CALM_MS = 20_000;
const WORRIED_MS = 1_500;

let present: Watch = AT_FIRST;
let timer = 0;
const listeners = new Set<() => void>();
const prober = createClient({ url: location.origin, retries: 0, timeout: 5_000 });

function become(next: Watch): void {
  const isSame = JSON.stringify(next.connection) === JSON.stringify(present.connection);
  present = isSame ? { ...next, connection: present.connection } : next;
  for (const listener of listeners) listener();
}

function found(connection: Connection): void {
  become(afterLook(present, connection, performance.now()));
}

async function look(): Promise<void> {
  clearTimeout(timer);
  try {
    found(connectionOf(await prober.systemHealth()));
  } catch (error) {
    found(connectionAfter(error) ?? UNREACHABLE);
  }
  clearTimeout(timer);
  timer = setTimeout(look, present.connection.state === "well" ? CALM_MS : WORRIED_MS);
}

/** Called once. */
export function watchConnection(): void {
  void look();
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) void look();
  });
  for (const event of ["online", "offline"]) addEventListener(event, () => void look());
}

/** A call failed, or was answered from the mirror: looked at once, not only when it is time. */
export function noteTrouble(error: unknown): void {
  const next = afterTrouble(present, error);
  if (next === present) return;
  become(next);
  if (next.connection.state === "well") return void look();
  clearTimeout(timer);
  timer = setTimeout(look, WORRIED_MS);
}

export function noteMirror(): void {
  if (present.connection.state === "well") void look();
}

/** Something was done that changes it. */
export function lookAgain(): void {
  void look();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useConnection(): Connection {
  return useSyncExternalStore(subscribe, () => present.connection);
}

export function useRecoveries(): number {
  return useSyncExternalStore(subscribe, () => present.recoveries);
}

/** Why nothing can be written now, as a sentence; null: it can. */
export function useWritesRefused(): string | null {
  const connection = useConnection();
  if (connection.state === "well") return null;
  return connection.state === "reading" ? "Waits until writing is possible again." : "Waits until the library is back.";
}

/** Why what the mirror does not have cannot be read now, as a sentence; null: it can. */
export function useReadsRefused(): string | null {
  const connection = useConnection();
  if (isDatabaseRead(connection)) return null;
  return connection.state === "reading" ? "Waits until the database is back." : "Waits until the library is back.";
}
