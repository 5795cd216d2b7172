/**
 * Word of what is changed in a project, by whomever, as it happens. One page of the browser listens for all that are
 * open, so that no request of theirs waits for one of the few connections a browser has; while nobody looks, none does.
 */
import { useCallback, useEffect, useRef } from "react";
import { followChanges } from "../sdk/follow.ts";
import type { PromptChange, PromptlibError } from "../sdk/index.ts";
import { clientOf, noteFailure } from "./calls.ts";
import { lookAgain } from "./connection.ts";
import { CALM, nextLook, type Pace } from "./next-look.ts";

export type Heard = { type: "change"; change: PromptChange } | { type: "reset" };

/** From the page that listens to the others. */
interface Told {
  heard: Heard | null;
  /** Where whoever listens next goes on; null: as before. */
  place: string | null;
}

/** One may not listen, here or at all. */
const REFUSALS: ReadonlySet<string> = new Set(["unauthenticated", "forbidden", "project_not_found"]);

const hearers = new Set<(heard: Heard) => void>();

/**
 * Called once, by what is there as long as somebody is signed in; `project` null: there is nothing to listen to. `from`:
 * where the changes were before anything was loaded, so that nothing need be looked at again when it begins; null: that
 * is not known.
 */
export function useListening(project: string | null, from: string | null): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: it goes on by itself from where it began
  useEffect(() => (project === null ? undefined : listen(project, from)), [project]);
}

function listen(project: string, from: string | null): () => void {
  const name = `promptlib.changes ${project}`;
  const others = new BroadcastChannel(name);
  let place = from ?? undefined;
  let turn: AbortController | null = null;
  const take = (told: Told) => {
    place = told.place ?? place;
    if (told.heard) for (const hear of hearers) hear(told.heard);
  };
  const pass = (told: Told) => {
    take(told);
    others.postMessage(told);
  };
  others.onmessage = ({ data }: MessageEvent<Told>) => take(data);
  const follower = {
    onChange: (change: PromptChange) => pass({ heard: { type: "change", change }, place: null }),
    onReset: () => pass({ heard: { type: "reset" }, place: null }),
    onPlace: (id: string) => pass({ heard: null, place: id }),
    onReady: () => undefined,
    onTrouble: noteTrouble,
  };
  const look = () => {
    if (document.hidden) {
      turn?.abort();
      turn = null;
    } else if (!turn) {
      turn = new AbortController();
      const { signal } = turn;
      void alone(name, signal, () => followChanges(clientOf(project), signal, follower, place));
    }
  };
  look();
  document.addEventListener("visibilitychange", look);
  return () => {
    document.removeEventListener("visibilitychange", look);
    turn?.abort();
    others.close();
  };
}

/** A connection that ends is no trouble yet: whether there is any is in the health. */
function noteTrouble(error: PromptlibError): void {
  if (REFUSALS.has(error.code)) noteFailure(error);
  else lookAgain();
}

/** Waits until no other page does it. Where there are no locks (plain HTTP, not on loopback) nobody can sign in either. */
async function alone(name: string, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  try {
    await navigator.locks.request(name, { signal }, work);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** Another server of the same library may answer, and know of a change this much later. */
export const COHERENT_MS = 1_500;

export function useHeard(hear: (heard: Heard) => void): void {
  const present = useRef(hear);
  useEffect(() => {
    present.current = hear;
  });
  useEffect(() => {
    const listener = (heard: Heard) => present.current(heard);
    hearers.add(listener);
    return () => {
      hearers.delete(listener);
    };
  }, []);
}

/**
 * For what is about the whole project: something in it changed. `took`: how long the last look took, in ms. While nobody
 * sees the page, it is not looked at; when somebody does again, it is.
 */
export function useHeardCalmly(look: () => void, took: number): void {
  const timer = useRef(0);
  const since = useRef(performance.now());
  const lookedAt = useRef<number | null>(null);
  const isMissed = useRef(false);
  const present = useRef({ look, took });
  useEffect(() => {
    present.current = { look, took };
  });
  const turn = useCallback(() => {
    timer.current = 0;
    isMissed.current = document.hidden;
    if (document.hidden) return;
    lookedAt.current = performance.now();
    present.current.look();
  }, []);
  const plan = useCallback(
    (pace: Pace) => {
      if (timer.current !== 0) return;
      const now = performance.now();
      const looks = { now, since: since.current, lookedAt: lookedAt.current, took: present.current.took };
      timer.current = window.setTimeout(turn, nextLook(looks, pace) - now);
    },
    [turn],
  );
  useEffect(() => {
    const seen = () => {
      if (isMissed.current && !document.hidden) plan({ ...CALM, together: 0 });
    };
    document.addEventListener("visibilitychange", seen);
    return () => {
      document.removeEventListener("visibilitychange", seen);
      clearTimeout(timer.current);
      timer.current = 0;
    };
  }, [plan]);
  useHeard(() => plan(CALM));
}
