/** Word of what changed, as server-sent events, over fetch: an EventSource of a browser can send no key. */
import type { PromptChange } from "../contract/changes.ts";
import { PromptlibError } from "../contract/errors.ts";
import { HEARTBEAT_SECONDS } from "../contract/heartbeat.ts";
import { wholeLinesOf } from "./lines.ts";
import { type Call, isObject, parseJson, type Transport, unreachable } from "./transport.ts";

export type ChangeEvent = {
  /** Where to go on later, for `lastEventId`; null: as before. */
  id: string | null;
} & (
  | { type: "change"; change: PromptChange }
  /**
   * `ready`: connected; what was missed since `lastEventId` follows. `reset`: take everything as changed.
   * `alive`: the connection lives.
   */
  | { type: "ready" | "reset" | "alive" }
);

export interface ListenOptions {
  /** The last `id` that was seen, by anybody: what happened since is told first. Left out: from now on. */
  lastEventId?: string | undefined;
  signal?: AbortSignal;
}

/** Longer without a word from the server means that it, or the way to it, is gone. */
const SILENCE_MS = HEARTBEAT_SECONDS * 2_500;

export function changeCalls(transport: Transport) {
  return {
    /**
     * The changes of the project's prompts as they happen, on one connection. Ends when the server stops; throws
     * `server_unreachable` when it breaks off or falls silent. Leave the loop to stop it.
     */
    async *listenChanges(options: ListenOptions = {}): AsyncGenerator<ChangeEvent, void, undefined> {
      const call: Call = {
        method: "GET",
        path: "/api/changes",
        query: transport.project,
        headers: {
          accept: "text/event-stream",
          ...(options.lastEventId ? { "last-event-id": options.lastEventId } : {}),
        },
      };
      const silence = new Silence();
      const { signal } = options;
      try {
        const given = signal ? AbortSignal.any([signal, silence.signal]) : silence.signal;
        const response = await transport.stream(call, given);
        if (!response.headers.get("content-type")?.startsWith("text/event-stream")) throw otherThanEvents(transport);
        yield* eventsOf(response, () => silence.heard());
      } catch (error) {
        if (signal?.aborted) throw new PromptlibError("interrupted", { cause: error });
        throw error instanceof PromptlibError ? error : unreachable(call, transport.base, error);
      } finally {
        silence.end();
      }
    },
  };
}

function otherThanEvents({ base }: Transport): PromptlibError {
  return new PromptlibError("server_unreachable", {
    message: `What answers at ${base} tells of no changes.`,
    hint: "Check any proxy in between; it must pass on text/event-stream as it comes.",
  });
}

/** Aborts what says nothing for too long, or is left. */
class Silence {
  readonly #controller = new AbortController();
  #timer: ReturnType<typeof setTimeout>;

  constructor() {
    this.#timer = this.#start();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  heard(): void {
    clearTimeout(this.#timer);
    this.#timer = this.#start();
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#controller.abort();
  }

  #start() {
    return setTimeout(
      () => this.#controller.abort(new DOMException("Nothing was heard for too long.", "TimeoutError")),
      SILENCE_MS,
    );
  }
}

interface Block {
  event: string;
  data: string[];
  id: string | null;
}

async function* eventsOf(response: Response, heard: () => void): AsyncGenerator<ChangeEvent, void, undefined> {
  let block: Block = { event: "", data: [], id: null };
  for await (const line of wholeLinesOf(response)) {
    heard();
    const [, field = "", value = ""] = /^([^:]*):? ?(.*?)\r?$/s.exec(line) ?? [];
    if (field === "event") block.event = value;
    else if (field === "data") block.data.push(value);
    else if (field === "id") block.id = value;
    if (line !== "" && line !== "\r") continue;
    const event = eventFrom(block);
    if (event) yield event;
    block = { event: "", data: [], id: null };
  }
}

/** null: nothing that we know. A newer server may tell more. */
function eventFrom({ event, data, id }: Block): ChangeEvent | null {
  if (data.length === 0) return { type: "alive", id };
  if (event === "ready" || event === "reset") return { type: event, id };
  const change = parseJson(data.join("\n"));
  return event === "change" && isChange(change) ? { type: "change", change, id } : null;
}

function isChange(value: unknown): value is PromptChange {
  return isObject(value) && typeof value.name === "string" && Array.isArray(value.formerNames);
}
