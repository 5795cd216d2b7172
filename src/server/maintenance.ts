/**
 * Maintenance, as this server knows it: asked each second of who holds it, and kept while that one is away. A server that
 * starts reads the last state from the home, so that nothing slips through before the first answer.
 */
import { randomUUID } from "node:crypto";
import { now, sleep } from "../base/clock.ts";
import type { Config } from "../base/config.ts";
import type { Log } from "../base/log.ts";
import { MaintenanceFile, type MaintenanceHolder, readMaintenance } from "../base/maintenance-file.ts";
import { PromptlibError } from "../contract/errors.ts";
import {
  type HeldMaintenance,
  type MaintenanceChange,
  maintenanceOf,
  type SetMaintenance,
} from "../contract/maintenance.ts";
import { answersDuring, type Route } from "../contract/route.ts";
import type { Maintenance as Known, MaintenanceMode } from "../contract/shapes.ts";
import type { Database } from "../database/database.ts";
import { auditMaintenance } from "../library/maintenance-audit.ts";

const ASK_EVERY_MS = 1_000;
/** What is told to wait to who asks again, where nobody knows the end, or where it has passed. */
const RETRY_S = 30;
/** Nobody waits longer than this because of a plan that may change. */
const LONGEST_RETRY_S = 86_400;
/** The last that ISO 8601 says with four digits. */
const LAST_YEAR = 9999;

/** Who sets it finds it in the audit log, unless the database is not as quick. */
const AUDIT_PATIENCE_MS = 1_000;

interface Parts {
  log: Log;
  /** null: it is away. */
  database(): Database | null;
}

export class Maintenance {
  readonly #holder: MaintenanceHolder;
  readonly #parts: Parts;
  readonly #timer: NodeJS.Timeout;
  #held: HeldMaintenance;
  #current: Known;
  /** Grows with each change that this server made: what was asked before it is no news. */
  #turn = 0;
  #auditing = false;
  /** The newest change that we wrote into the audit log. */
  #written: string | null = null;
  #away = false;

  /** `guardian` null: there is none, so it is held here. */
  static async open({ home }: Config, guardian: MaintenanceHolder | null, parts: Parts): Promise<Maintenance> {
    const held = await readMaintenance(home);
    return new Maintenance(guardian ?? (await MaintenanceFile.open(home)), parts, held);
  }

  private constructor(holder: MaintenanceHolder, parts: Parts, held: HeldMaintenance) {
    this.#holder = holder;
    this.#parts = parts;
    this.#held = held;
    this.#current = maintenanceOf(held);
    this.#timer = setInterval(() => void this.#ask(), ASK_EVERY_MS);
  }

  get current(): Known {
    return this.#current;
  }

  get mode(): MaintenanceMode {
    return this.#current.mode;
  }

  /** Throws `maintenance` unless the route answers in the present mode. */
  require(route: Route): void {
    if (this.mode !== "off" && !answersDuring(route, this.mode)) throw this.refusal();
  }

  refusal(): PromptlibError {
    const { mode, message, since, endsAt } = this.#current;
    const left = endsAt === null ? 0 : Math.ceil((Date.parse(endsAt) - now().getTime()) / 1000);
    const retryAfterSeconds = left > 0 ? Math.min(left, LONGEST_RETRY_S) : RETRY_S;
    return new PromptlibError("maintenance", {
      message: maintenanceSentence(this.#current),
      details: { mode, message, since, endsAt, retryAfterSeconds },
    });
  }

  /** Errors: `invalid_request`, `guardian_unreachable`, `disk_full`. */
  async set(
    { mode, message = "", endsAt }: SetMaintenance,
    by: Pick<MaintenanceChange, "by" | "address">,
  ): Promise<Known> {
    const at = now();
    const end = endsAt === undefined ? null : new Date(endsAt);
    if (end && end <= at) throw badEnd("has passed already", "must lie in the future");
    // With an offset it may lie beyond what the file can say, which would be unreadable from then on.
    if (end && end.getUTCFullYear() > LAST_YEAR)
      throw badEnd("is too far away", `must be in ${LAST_YEAR} at the latest`);
    const told = { mode, message: message.replaceAll(/\s+/gu, " ").trim(), endsAt: end?.toISOString() ?? null };
    const change = { id: randomUUID(), at: at.toISOString(), ...by, ...told };
    const held = await this.#holder.change(change);
    this.#turn += 1;
    this.#take(held);
    await Promise.race([this.#audit(), sleep(AUDIT_PATIENCE_MS)]);
    return this.#current;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #ask(): Promise<void> {
    const turn = this.#turn;
    try {
      const held = await this.#holder.read();
      this.#away = false;
      if (turn === this.#turn) this.#take(held);
    } catch (error) {
      if (!this.#away)
        this.#parts.log.warn({ err: error }, "the guardian does not tell of maintenance; what it said last counts");
      this.#away = true;
    }
    await this.#audit();
  }

  #take(held: HeldMaintenance): void {
    const before = this.mode;
    this.#held = held;
    this.#current = maintenanceOf(held);
    if (before !== this.mode) this.#parts.log.info({ before, ...this.#current }, "maintenance");
  }

  /** Into the audit log, at once or when the database is back. */
  async #audit(): Promise<void> {
    const { changes, audited } = this.#held;
    const newest = changes.at(-1)?.id;
    const database = this.#parts.database();
    if (newest === undefined || newest === audited || !database || this.#auditing) return;
    this.#auditing = true;
    const turn = this.#turn;
    try {
      // Where only the holder did not hear of it, the log has them already.
      const [told, written] = [audited, this.#written].map((last) => changes.findIndex(({ id }) => id === last));
      const missing = changes.slice(Math.max(told ?? -1, written ?? -1) + 1);
      if (missing.length > 0) await auditMaintenance(database, missing);
      this.#written = newest;
      const held = await this.#holder.audited(newest);
      if (turn === this.#turn) this.#take(held);
    } catch (error) {
      this.#parts.log.warn({ err: error }, "a change of maintenance is not in the audit log yet; tried again");
    } finally {
      this.#auditing = false;
    }
  }
}

/** For people: what is refused, until when, and why. */
export function maintenanceSentence({ mode, message, endsAt }: Known): string {
  const what = mode === "closed" ? "closed for maintenance" : "read-only for maintenance";
  const until = endsAt === null ? "" : `, planned until ${endsAt.replace(/:\d\d\.\d+Z$/, "Z")}`;
  return `The library is ${what}${until}${message === "" ? "." : `: ${message}`}`;
}

function badEnd(why: string, fault: string): PromptlibError {
  return new PromptlibError("invalid_request", {
    message: `The planned end of maintenance ${why}.`,
    details: { faults: [{ field: "body.endsAt", fault }] },
  });
}
