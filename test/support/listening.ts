/** Somebody who listens for changes, as an application does, and writes down what was heard. */
import { onTestFinished } from "vitest";
import type { ChangeEvent, Client, PromptlibError } from "../../src/sdk/index.ts";
import { eventually } from "./server.ts";

export interface Listening {
  heard: ChangeEvent[];
  /** The names that changed, in order, and `reset`. */
  changes(): string[];
  lastEventId(): string | undefined;
  /** Null: the server ended it in order. */
  ended: Promise<PromptlibError | null>;
  stop(): void;
}

/** Resolves once the server has taken it. */
export async function listen(client: Client, lastEventId?: string): Promise<Listening> {
  const listening = begin(client, lastEventId);
  await eventually(async () => listening.heard.length > 0);
  return listening;
}

export function begin(client: Client, lastEventId?: string): Listening {
  const stopped = new AbortController();
  const heard: ChangeEvent[] = [];
  const follow = async () => {
    for await (const event of client.listenChanges({ lastEventId, signal: stopped.signal })) heard.push(event);
  };
  const ended = follow().then(
    () => null,
    (error: PromptlibError) => error,
  );
  onTestFinished(() => stopped.abort());
  return {
    heard,
    changes: () =>
      heard.flatMap((event) =>
        event.type === "change" ? [event.change.name] : event.type === "reset" ? ["reset"] : [],
      ),
    lastEventId: () => heard.findLast(({ id }) => id !== null)?.id ?? undefined,
    ended,
    stop: () => stopped.abort(),
  };
}
