/** Backups, drills and verifications: ordered, followed, ended. */
import { useCallback, useEffect, useRef, useState } from "react";
import type { Job, JobOrder, List, ListedJob, PromptlibError } from "../../sdk/index.ts";
import { noteFailure } from "../calls.ts";
import { type Polled, usePolled } from "../polled.ts";
import { guardian, refusedBy } from "./guardian.ts";

export type Orderable = JobOrder["verb"];

export interface Ordering {
  /** Why nothing can be ordered now, as a sentence; null: it can. */
  refused: string | null;
  /** The same of a backup, which also needs the database. */
  backupRefused: string | null;
  /** `backup`: the one to verify; the newest where it is left out. */
  order(verb: Orderable, backup?: string): void;
  cancel(id: string): void;
  /** What kept the last order from being taken. */
  problem: PromptlibError | null;
}

const BUSY_MS = 700;
const CALM_MS = 3_000;

export interface Jobs {
  known: Polled<List<ListedJob>>;
  running: ListedJob | null;
  /** What ended while somebody looked, with what came of it. */
  ended: Job | null;
  ordering: Ordering;
}

/** `onEnd`: what locations and reports say may have changed. */
export function useJobs({ databaseDown, onEnd }: { databaseDown: boolean; onEnd(): void }): Jobs {
  const [isBusy, setBusy] = useState(false);
  const known = usePolled(guardian.listJobs, isBusy ? BUSY_MS : CALM_MS);
  const { value, error, reload } = known;
  const running = value?.items.find(({ state }) => state === "running") ?? null;
  useEffect(() => setBusy(running !== null), [running]);
  const [problem, setProblem] = useState<PromptlibError | null>(null);
  const ended = useEnded(value?.items ?? null, onEnd);
  const act = useCallback(
    async (deed: () => Promise<unknown>) => {
      setProblem(null);
      try {
        await deed();
      } catch (failure) {
        setProblem(noteFailure(failure));
      }
      reload();
    },
    [reload],
  );
  const refused =
    refusedBy(error) ?? (value === null ? "Asks the guardian …" : running ? "One thing at a time." : null);
  const ordering: Ordering = {
    refused,
    backupRefused: refused ?? (databaseDown ? "A backup waits for the database." : null),
    problem,
    order: (verb, backup) => void act(() => guardian.startJob(orderOf(verb, backup))),
    cancel: (id) => void act(() => guardian.cancelJob(id)),
  };
  return { known, running, ended, ordering };
}

function orderOf(verb: Orderable, backup?: string): JobOrder {
  if (verb === "backup") return { verb };
  if (verb === "drill") return { verb, options: { scenario: "database-failure" } };
  return { verb, options: backup === undefined ? {} : { backup } };
}

/** Which of them has ended since one looks; what came of it is fetched then. */
function useEnded(items: readonly ListedJob[] | null, onEnd: () => void): Job | null {
  const [ended, setEnded] = useState<Job | null>(null);
  const seen = useRef<Set<string> | null>(null);
  useEffect(() => {
    if (!items) return;
    const over = items.filter(({ state }) => state !== "running").map(({ id }) => id);
    const before = seen.current;
    seen.current = new Set(over);
    const newest = before && over.find((id) => !before.has(id));
    if (!newest) return;
    onEnd();
    guardian.readJob(newest).then(setEnded, (failure) => void noteFailure(failure));
  }, [items, onEnd]);
  return ended;
}
