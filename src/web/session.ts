/** Who is signed in. The cookie is the browser's alone; what is known here is what the server says of it. */
import { useSyncExternalStore } from "react";
import { createClient, type Identity, PromptlibError } from "../sdk/index.ts";
import { noteTrouble } from "./connection.ts";

export type Session =
  | { state: "unknown" }
  /** `ended`: somebody was signed in, and is not any more. */
  | { state: "out"; ended: boolean }
  | { state: "in"; identity: Identity };

let present: Session = { state: "unknown" };
const listeners = new Set<() => void>();
const client = createClient({ url: location.origin });

/** So that who never signed in here is not asked for, and refused: the cookie itself is hidden from pages. */
const MARK = "promptlib.signed-in";

function remember(isIn: boolean): void {
  try {
    if (isIn) localStorage.setItem(MARK, "yes");
    else localStorage.removeItem(MARK);
  } catch {
    // a browser that keeps nothing asks each time
  }
}

function mayBeIn(): boolean {
  try {
    return localStorage.getItem(MARK) !== null;
  } catch {
    return true;
  }
}

function become(next: Session): void {
  present = next;
  if (next.state !== "unknown") remember(next.state === "in");
  for (const listener of listeners) listener();
}

/** Called once: who signed in or out in another tab did so in this one, too. */
export function followOtherTabs(): void {
  addEventListener("storage", ({ key, newValue }) => {
    if (key !== MARK || present.state === "unknown") return;
    if (newValue !== null) void findSession().catch(() => {});
    else if (present.state === "in") become({ state: "out", ended: true });
  });
}

export function useSession(): Session {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => present,
  );
}

/** Errors: those of the client, but not that nobody is signed in. */
export async function findSession(): Promise<void> {
  if (!mayBeIn()) return become({ state: "out", ended: false });
  try {
    become({ state: "in", identity: await client.me() });
  } catch (error) {
    if (!noteEnd(error)) throw error;
  }
}

/** Whether the error says that nobody is signed in; if so, the pages ask to sign in. */
export function noteEnd(error: unknown): boolean {
  if (!(error instanceof PromptlibError) || error.code !== "unauthenticated") return false;
  become({ state: "out", ended: present.state === "in" || (present.state === "out" && present.ended) });
  return true;
}

export async function signIn(username: string, password: string): Promise<void> {
  await client.login(username, password);
  become({ state: "in", identity: await client.me() });
}

/** Errors: those of the client; then one is still signed in. */
export async function signOut(): Promise<void> {
  try {
    await client.logout();
  } catch (error) {
    if (noteEnd(error)) return;
    noteTrouble(error);
    throw error;
  }
  become({ state: "out", ended: false });
}
