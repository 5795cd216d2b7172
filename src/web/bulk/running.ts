/** Doing something to many prompts, a few at a time: what became of each, as it happens. */
import { useEffect, useRef, useState } from "react";
import type { PromptSummary } from "../../sdk/index.ts";
import { clientOf, noteFailure } from "../calls.ts";
import { forgetListings } from "../library/listing.ts";
import { say } from "../shell/notices.tsx";
import { type Bulk, type Done, doOne } from "./deeds.ts";

export type Outcome = { state: "done"; done: Done } | { state: "failed"; why: string } | { state: "waiting" };

export interface Running {
  /** By name; null: nothing was begun. */
  outcomes: ReadonlyMap<string, Outcome> | null;
  isRunning: boolean;
  start(bulk: Bulk, prompts: readonly PromptSummary[]): Promise<void>;
  /** What is on its way ends; the rest is left. */
  stop(): void;
  /** Takes back what was done. */
  undo(): Promise<void>;
}

const AT_ONCE = 4;
/** Then it will be so for the others, too. */
const IS_AWAY = ["server_unreachable", "database_unavailable", "maintenance", "unauthenticated"];

export function useRunning(project: string): Running {
  const [outcomes, setOutcomes] = useState<ReadonlyMap<string, Outcome> | null>(null);
  const [isRunning, setRunning] = useState(false);
  const stopped = useRef(false);
  const isLeft = useRef(false);
  // Nobody is there any more who could stop it, or take it back.
  useEffect(() => {
    isLeft.current = false;
    return () => {
      isLeft.current = true;
      stopped.current = true;
    };
  }, []);
  const each = async <T extends { name: string }>(
    items: readonly T[],
    deed: (item: T) => Promise<Outcome>,
    failed: (item: T, why: string) => Outcome,
    past: string,
  ) => {
    stopped.current = false;
    setRunning(true);
    const rest = [...items];
    let begun = 0;
    let ended = 0;
    const worker = async () => {
      for (let item = rest.shift(); item !== undefined && !stopped.current; item = rest.shift()) {
        const { name } = item;
        begun += 1;
        let outcome: Outcome;
        try {
          outcome = await deed(item);
          ended += 1;
        } catch (error) {
          const { code, message } = noteFailure(error);
          outcome = failed(item, message);
          if (IS_AWAY.includes(code)) stopped.current = true;
        }
        setOutcomes((last) => new Map(last).set(name, outcome));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    if (isLeft.current) {
      forgetListings();
      const why = begun < items.length ? "Stopped, as you left: " : "";
      say(`${why}${ended} of ${items.length} were ${past}.`);
    }
    setRunning(false);
  };
  return {
    outcomes,
    isRunning,
    async start(bulk, prompts) {
      const client = clientOf(project);
      setOutcomes((last) => new Map([...(last ?? []), ...prompts.map(({ name }) => [name, WAITING] as const)]));
      await each(
        prompts,
        async (prompt) => ({ state: "done", done: await doOne(client, bulk, prompt) }),
        (_, why) => ({ state: "failed", why }),
        "done",
      );
    },
    stop() {
      stopped.current = true;
    },
    async undo() {
      const done = [...(outcomes ?? [])].flatMap(([name, one]) =>
        one.state === "done" ? [{ name, done: one.done }] : [],
      );
      await each(
        done,
        async ({ done: { undo } }) => {
          await undo();
          return { state: "failed", why: "was taken back" };
        },
        // It stands, and can be taken back another time.
        ({ done }, why) => ({ state: "done", done: { ...done, said: `not taken back: ${why}` } }),
        "taken back",
      );
    },
  };
}

const WAITING: Outcome = { state: "waiting" };
