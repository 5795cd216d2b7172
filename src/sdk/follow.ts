/** Follows the changes of a project for as long as it takes: connects again after every end, later each time. */
import type { PromptChange } from "../contract/changes.ts";
import { PromptlibError } from "../contract/errors.ts";
import { backOff, waited } from "./back-off.ts";
import type { Client } from "./client.ts";
import { aboutError } from "./transport.ts";

export interface Follower {
  onChange(change: PromptChange): void;
  /** Connected, for the first time or again. */
  onReady(): void;
  /** Anything may have changed. */
  onReset(): void;
  onTrouble(error: PromptlibError): void;
  /** Where somebody else could go on. */
  onPlace?(id: string): void;
}

/** Ends when the signal says so. `place`: to go on there. */
export async function followChanges(
  client: Pick<Client, "listenChanges">,
  signal: AbortSignal,
  follower: Follower,
  place?: string,
): Promise<void> {
  let lastEventId = place;
  for (let failures = 0; !signal.aborted; failures += 1) {
    let asked = 0;
    try {
      for await (const { type, id, ...event } of client.listenChanges({ lastEventId, signal })) {
        failures = 0;
        if (type === "ready") follower.onReady();
        // Nobody can say what happened before the first word of the first connection.
        if (type === "reset" || (type === "ready" && lastEventId === undefined)) follower.onReset();
        else if ("change" in event) follower.onChange(event.change);
        if (id === null) continue;
        lastEventId = id;
        follower.onPlace?.(id);
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof PromptlibError)) throw error;
      asked = aboutError(error)?.retryAfterMs ?? 0;
      follower.onTrouble(error);
    }
    await waited(backOff(failures, asked), signal);
  }
}
