/** One connection that listens for changes. */
import type { ServerResponse } from "node:http";
import { HEARTBEAT_SECONDS } from "../contract/heartbeat.ts";
import type { Id } from "../database/tables.ts";

/** Who does not read what we send is cut off, and goes on later behind what he had. */
const UNREAD_LIMIT = 256 * 1024;
export const EVENT_STREAM = "text/event-stream; charset=utf-8";
const HEADERS = {
  "content-type": EVENT_STREAM,
  "cache-control": "no-store",
  // Some proxies keep an answer until it is whole.
  "x-accel-buffering": "no",
};

export interface Listening {
  caller: string;
  projectId: Id;
  /** The caller's place in the feed; null: from now on. */
  lastEventId: string | null;
  /** Asked again as long as it listens. */
  stillMay(): boolean;
}

/** What is sent: events, and the place behind them (empty: none). */
export interface Message {
  events: string;
  id: string;
}

export class ChangeListener {
  readonly listening: Listening;
  readonly #response: ServerResponse;
  /** It has had everything before what it is told now, so it may be told the place behind it. */
  caughtUp = false;

  constructor(listening: Listening, response: ServerResponse) {
    this.listening = listening;
    this.#response = response;
    response.writeHead(200, HEADERS);
    // Whoever comes back at once by himself, as browsers do, comes back this much later.
    response.write(`retry: ${HEARTBEAT_SECONDS * 100}\n\n`);
  }

  send(chunk: Uint8Array | string): void {
    if (this.#response.writableLength > UNREAD_LIMIT) this.#response.destroy();
    else if (!this.#response.writableEnded) this.#response.write(chunk);
  }

  end(): void {
    this.#response.end();
  }
}

export function eventOf(event: string, data: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** An id without data is no event: it only says where to go on. */
export function placeOf(id: string): string {
  return id === "" ? "" : `id: ${id}\n\n`;
}
