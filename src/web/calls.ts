/** The client of the present project, and loading through it: kept while one looks elsewhere, loaded anew when asked. */
import { useCallback, useEffect, useMemo, useState } from "react";
import {
  type Client,
  collectPages,
  createClient,
  type List,
  type PageOptions,
  PromptlibError,
  type ServedFrom,
} from "../sdk/index.ts";
import { noteMirror, noteTrouble, useRecoveries } from "./connection.ts";
import { findSession, noteEnd } from "./session.ts";

/** null: for what is about no project. */
export function clientOf(project: string | null): Client {
  return createClient({ url: location.origin, ...(project === null ? {} : { project }) });
}

/** What every failure goes through, so that the banner and the sign-in know of it. Answers it as ours. */
export function noteFailure(error: unknown): PromptlibError {
  noteTrouble(error);
  noteEnd(error);
  // Somebody took a right away meanwhile: what the pages offer follows.
  if (error instanceof PromptlibError && isTaken(error)) void findSession().catch(() => {});
  return error instanceof PromptlibError ? error : new PromptlibError("internal", { cause: error });
}

/** A project of which one is no member is as if there were none. */
function isTaken({ code }: PromptlibError): boolean {
  return code === "forbidden" || code === "project_not_found";
}

export function noteSource<T extends { servedFrom: ServedFrom }>(answer: T): T {
  if (answer.servedFrom === "mirror") noteMirror();
  return answer;
}

/** Of a list that is offered to choose from; what is beyond is found by searching. */
const MOST = 2_000;

/** `list` asks for one page. */
export async function everyItem<T>(
  list: (page: PageOptions) => Promise<List<T> & { servedFrom: ServedFrom }>,
): Promise<T[]> {
  const { items } = await collectPages(async (page) => noteSource(await list(page)), MOST);
  return items;
}

export interface Loaded<T> {
  /** The last that was loaded, also while a newer one cannot be. */
  value: T | null;
  error: PromptlibError | null;
  loading: boolean;
  /** How long the last that came took, in ms. */
  took: number;
  reload(): void;
  /** Known from elsewhere: the answer of a write, say. */
  put(value: T): void;
}

const KEPT = 50;
const kept = new Map<string, unknown>();

function keep(key: string, value: unknown): void {
  kept.delete(key);
  kept.set(key, value);
  for (const oldest of [...kept.keys()].slice(0, Math.max(0, kept.size - KEPT))) kept.delete(oldest);
}

let person = 0;

/** Who signs out leaves nothing behind for who comes next, nor what is still on its way. */
export function forgetAll(): void {
  person += 1;
  kept.clear();
}

interface Outcome<T> {
  key: string;
  value: T | null;
  error: PromptlibError | null;
  loading: boolean;
}

/** `key` says what it is about: another key loads. What is kept is shown at once and brought up to date behind it. */
export function useLoaded<T>(key: string, load: () => Promise<T>): Loaded<T> {
  const recoveries = useRecoveries();
  const [turn, setTurn] = useState(0);
  const [took, setTook] = useState(0);
  const [outcome, setOutcome] = useState<Outcome<T> | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for what `load` asks for
  useEffect(() => {
    let over = false;
    const settle = (next: Pick<Outcome<T>, "value" | "error">) => {
      if (!over) setOutcome({ key, loading: false, ...next });
    };
    setOutcome((last) => (last?.key === key ? { ...last, loading: true } : null));
    const begun = performance.now();
    const asker = person;
    load().then(
      (value) => {
        if (person === asker) keep(key, value);
        setTook(performance.now() - begun);
        settle({ value, error: null });
      },
      (error) => settle({ value: (kept.get(key) as T | undefined) ?? null, error: noteFailure(error) }),
    );
    return () => {
      over = true;
    };
  }, [key, turn, recoveries]);
  const reload = useCallback(() => setTurn((last) => last + 1), []);
  const [owner] = useState(() => person);
  const put = useCallback(
    (value: T) => {
      if (person === owner) keep(key, value);
      setOutcome({ key, value, error: null, loading: false });
    },
    [key, owner],
  );
  return useMemo(() => {
    const current =
      outcome?.key === key ? outcome : { value: (kept.get(key) as T | undefined) ?? null, error: null, loading: true };
    return { value: current.value, error: current.error, loading: current.loading, took, reload, put };
  }, [outcome, key, took, reload, put]);
}
