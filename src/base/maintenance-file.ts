/**
 * recovery/maintenance.json: the mode of maintenance, with the changes that led to it. One process holds it: the
 * guardian, or the server where there is none. It lies outside of the database and of every backup, so neither the death
 * of the one nor a restore of the other ends maintenance.
 */
import { join } from "node:path";
import { PromptlibError } from "../contract/errors.ts";
import { type HeldMaintenance, heldMaintenance, type MaintenanceChange } from "../contract/maintenance.ts";
import { now } from "./clock.ts";
import type { Home } from "./config.ts";
import { isDiskFull, readIfExists, writeFileDurably } from "./files.ts";

/** So many are kept for the audit log, which may be away for some of them. */
const KEPT = 50;

/** ms; who asked the guardian for a change that long ago was told that it does not answer, so it must not happen any more. */
export const CHANGE_PATIENCE_MS = 2_000;

/** What cannot be read counts as read-only: nothing is written that somebody wanted to keep out. */
export async function readMaintenance(home: Home): Promise<HeldMaintenance> {
  try {
    const text = await readIfExists(fileOf(home));
    return text === null ? { changes: [], audited: null } : heldMaintenance.parse(JSON.parse(text));
  } catch {
    return unreadable();
  }
}

function unreadable(): HeldMaintenance {
  const id = "unreadable";
  const message = "whether it is over cannot be read (recovery/maintenance.json). An operator sets it anew.";
  const about = { at: now().toISOString(), by: "nobody", address: null, endsAt: null };
  return { changes: [{ id, ...about, mode: "read-only", message }], audited: id };
}

/** Who knows the mode, and changes it. Errors: `disk_full`; `guardian_unreachable` where the guardian holds it. */
export interface MaintenanceHolder {
  read(): Promise<HeldMaintenance>;
  change(change: MaintenanceChange): Promise<HeldMaintenance>;
  /** The audit log has all changes up to this one. */
  audited(id: string): Promise<HeldMaintenance>;
}

export class MaintenanceFile implements MaintenanceHolder {
  readonly #home: Home;
  #held: HeldMaintenance;
  /** One after the other. */
  #turn: Promise<unknown> = Promise.resolve();

  static async open(home: Home): Promise<MaintenanceFile> {
    return new MaintenanceFile(home, await readMaintenance(home));
  }

  private constructor(home: Home, held: HeldMaintenance) {
    this.#home = home;
    this.#held = held;
  }

  async read(): Promise<HeldMaintenance> {
    return this.#held;
  }

  async change(change: MaintenanceChange): Promise<HeldMaintenance> {
    return await this.#write(({ changes, audited }) => ({ changes: [...changes, change].slice(-KEPT), audited }));
  }

  /** Of one that is not kept nothing follows for those that are: whoever asked would write them all once more. */
  async audited(id: string): Promise<HeldMaintenance> {
    return await this.#write((held) =>
      held.changes.some((change) => change.id === id) ? { ...held, audited: id } : held,
    );
  }

  async #write(next: (held: HeldMaintenance) => HeldMaintenance): Promise<HeldMaintenance> {
    const written = this.#turn.then(async () => {
      const held = next(this.#held);
      if (held === this.#held) return held;
      await writeFileDurably(fileOf(this.#home), `${JSON.stringify(held, null, 2)}\n`);
      this.#held = held;
      return held;
    });
    this.#turn = written.catch(() => {});
    try {
      return await written;
    } catch (error) {
      throw isDiskFull(error) ? new PromptlibError("disk_full", { cause: error }) : error;
    }
  }
}

function fileOf({ recovery }: Home): string {
  return join(recovery, "maintenance.json");
}
