/**
 * recovery/journal.jsonl: who ordered what of the guardian, and what became of it. Appended and synced, a line each, so
 * that it is there when the database is not; servers write what people did into the audit log, too, when that is back.
 */
import { randomUUID } from "node:crypto";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { now } from "../base/clock.ts";
import { isErrno } from "../base/files.ts";
import type { Acting } from "../base/guardian-token.ts";
import type { Log } from "../base/log.ts";
import { type Job, type RecoveryDeed, recoveryDeed } from "../contract/recovery.ts";

/** So much of the end is read at a start: what is older was audited long ago. */
const TAIL_BYTES = 256 * 1024;
/** So many wait for the audit log at most; the journal has them all. */
const KEPT = 200;

const line = z.union([z.object({ deed: recoveryDeed }), z.object({ audited: z.string() })]);

export class Journal {
  readonly #path: string;
  readonly #log: Log;
  #waiting: RecoveryDeed[];
  /** Ends a line that was torn, so that the next one is not lost with it. */
  #before: "" | "\n";
  /** One line after the other. */
  #turn: Promise<void> = Promise.resolve();

  static async open(recovery: string, log: Log): Promise<Journal> {
    const path = join(recovery, "journal.jsonl");
    return new Journal(path, log, await tailOf(path));
  }

  private constructor(path: string, log: Log, tail: string) {
    this.#path = path;
    this.#log = log;
    this.#waiting = waitingIn(tail);
    this.#before = tail === "" || tail.endsWith("\n") ? "" : "\n";
  }

  /** What people did that is not in the audit log yet, the oldest first. */
  get waiting(): readonly RecoveryDeed[] {
    return this.#waiting;
  }

  async ordered({ name: by, address }: Acting, deed: RecoveryDeed["deed"], { id: job, options }: Job): Promise<void> {
    const done = { id: randomUUID(), at: now().toISOString(), by, address, deed, job, options };
    this.#waiting = [...this.#waiting, done].slice(-KEPT);
    await this.#append({ deed: done });
  }

  async ended({ id: job, verb, by, startedAt, endedAt: at, state, error }: Job): Promise<void> {
    await this.#append({ ended: { at, job, verb, by, startedAt, state, error } });
  }

  /** The audit log has all up to this one. */
  async audited(id: string): Promise<void> {
    const index = this.#waiting.findIndex((one) => one.id === id);
    if (index === -1) return;
    this.#waiting = this.#waiting.slice(index + 1);
    await this.#append({ audited: id });
  }

  /** Nobody is kept from recovering because a line cannot be written. */
  async #append(entry: object): Promise<void> {
    const written = this.#turn.then(async () => {
      const file = await open(this.#path, "a", 0o600);
      try {
        const before = this.#before;
        this.#before = "\n";
        await file.appendFile(`${before}${JSON.stringify(entry)}\n`);
        this.#before = "";
        await file.datasync();
      } finally {
        await file.close();
      }
    });
    this.#turn = written.catch(() => {});
    try {
      await written;
    } catch (error) {
      this.#log.error({ err: error, entry }, "the journal of recovery cannot be written");
    }
  }
}

/** "" where there is none yet. */
async function tailOf(path: string): Promise<string> {
  try {
    const file = await open(path, "r");
    try {
      const { size } = await file.stat();
      const bytes = Buffer.alloc(Math.min(size, TAIL_BYTES));
      await file.read(bytes, 0, bytes.length, size - bytes.length);
      return bytes.toString("utf8");
    } finally {
      await file.close();
    }
  } catch (error) {
    if (isErrno(error, "ENOENT")) return "";
    throw error;
  }
}

/** A line that was torn, or of which only the end was read, is passed over. */
function waitingIn(text: string): RecoveryDeed[] {
  let waiting: RecoveryDeed[] = [];
  for (const written of text.split("\n")) {
    const found = understood(written);
    if (found && "deed" in found) waiting.push(found.deed);
    if (found && "audited" in found) waiting = waiting.slice(waiting.findIndex(({ id }) => id === found.audited) + 1);
  }
  return waiting.slice(-KEPT);
}

function understood(written: string): z.infer<typeof line> | null {
  try {
    return line.safeParse(JSON.parse(written)).data ?? null;
  } catch {
    return null;
  }
}
