/** What commands and copy streams of a replication connection share: the connection, its patience, its failures. */
import pg from "pg";
import { PromptlibError } from "../contract/errors.ts";

/** How long each thing may take, in milliseconds. */
export interface Patience {
  /** Until the connection stands. */
  connect: number;
  /** Until a command is answered. */
  answer: number;
  /** Until the other side has said goodbye, too. */
  farewell: number;
  /** How often the state is told to PostgreSQL while WAL is received, at least. */
  status: number;
  /** Nothing heard for so long although it was asked: the WAL stream is dead. */
  walSilence: number;
  /** No byte for so long in the middle of a base backup. */
  backupSilence: number;
  /** Before the first byte PostgreSQL makes a checkpoint; one that is spread may take its time on top of this. */
  backupStart: number;
}

export const PATIENCE: Patience = {
  connect: 5_000,
  answer: 30_000,
  farewell: 2_000,
  status: 10_000,
  walSilence: 60_000,
  backupSilence: 120_000,
  backupStart: 600_000,
};

export class Link {
  readonly client: pg.Client;
  readonly patience: Patience;
  /** Each notice at or above WARNING since the connection opened. */
  readonly warnings: string[] = [];
  #broken: Error | null = null;

  constructor(client: pg.Client, patience: Patience) {
    this.client = client;
    this.patience = patience;
    // Without a listener the event would end the process. What was first is the cause, the rest its consequence.
    client.on("error", (error) => {
      this.#broken ??= error;
    });
    client.on("notice", ({ message }) => {
      if (message) this.warnings.push(message);
    });
  }

  /** Ends the connection at once; whoever waits for something on it hears `reason`. */
  cut(reason: Error): void {
    this.#broken ??= reason;
    this.client.connection.stream.destroy();
  }

  /** `replication_failed` with what PostgreSQL, or the connection, said. */
  failed(what: string, error: unknown): PromptlibError {
    return replicationFailed(what, error instanceof pg.DatabaseError ? error : (this.#broken ?? error));
  }
}

function replicationFailed(what: string, cause: unknown): PromptlibError {
  return new PromptlibError("replication_failed", {
    message: `${what}: ${words(cause)}.`,
    details: { sqlstate: sqlstateOf(cause) },
    cause,
  });
}

/** PostgreSQL's code behind an error, or null: 58P01 where WAL is gone, 55006 where a slot is in use. */
export function sqlstateOf(error: unknown): string | null {
  if (error instanceof pg.DatabaseError) return error.code ?? null;
  return error instanceof PromptlibError && error.code === "replication_failed" ? sqlstateOf(error.cause) : null;
}

function words(cause: unknown): string {
  // Several addresses were tried: the error as a whole says nothing.
  if (cause instanceof AggregateError && cause.errors.length > 0) return words(cause.errors[0]);
  return (cause instanceof Error ? cause.message : String(cause)).replace(/\.$/, "");
}
