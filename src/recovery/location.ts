/**
 * The recovery engine: backups, the received WAL, restores and drills. Knows PostgreSQL and locations, nothing about
 * prompts. Where to look first: the conductors backup.ts, receive.ts, restore.ts and drill.ts.
 *
 * This file says what a location is: a place that holds backups and WAL, a folder or an object store. Whatever
 * implements it passes location-conformance.ts.
 */
import type { Readable } from "node:stream";
import type { FailureDomain } from "../base/locations-url.ts";

export interface StoredObject {
  /** Relative to the location, with `/`: backups/20261122T060000Z-7f3a/manifest.json */
  name: string;
  /** Bytes. */
  size: number;
  /** When it was stored, by the location's clock. */
  modified: Date;
}

/** Bytes `from` up to and without `to`. */
export interface ByteRange {
  from: number;
  to: number;
}

/**
 * All methods throw `location_unavailable` where the place cannot be reached, is full, refuses us, or gives no answer
 * for long (a stream of bytes then ends with it), and stop with `interrupted` when the signal is aborted. Nothing that
 * exists is ever overwritten.
 */
export interface Location {
  /** As configured, without secrets. */
  readonly url: string;
  /** Short, for people and metrics: `primary`, `secondary`, … in the order of the configuration. */
  readonly name: string;
  readonly domain: FailureDomain;
  /** Zero-loss waits for it, and the slot's position never passes it. */
  readonly required: boolean;

  /**
   * Stores the object unless there is one of this name: "exists" then, and what is there stays as it was. When it
   * answers "stored", all bytes are durable and readable; until then nobody sees any of them, also after a crash.
   */
  put(name: string, body: Uint8Array | Readable, signal?: AbortSignal): Promise<"stored" | "exists">;

  /** The bytes, or those of the range (which lies within). Throws `object_not_found`. */
  get(name: string, range?: ByteRange, signal?: AbortSignal): Promise<Readable>;

  /** Everything whose name begins with `prefix`, ordered by name (byte by byte). */
  list(prefix: string, signal?: AbortSignal): Promise<StoredObject[]>;

  /** null when there is none. */
  stat(name: string, signal?: AbortSignal): Promise<StoredObject | null>;

  /** What is not there is removed, too. */
  remove(name: string, signal?: AbortSignal): Promise<void>;

  /** Bytes that can still be stored; null where nobody knows (object stores). */
  freeSpace(): Promise<number | null>;
}
