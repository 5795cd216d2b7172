/**
 * What people ordered of the guardian, into the audit log: at once where the database answers, else when it is back.
 * The guardian keeps it until then; so what is ordered with the command line is there, too.
 */
import { z } from "zod";
import { sleep } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { recoveryDeed } from "../contract/recovery.ts";
import type { Database } from "../database/database.ts";
import { auditRecovery } from "../library/recovery-audit.ts";
import type { GuardianLink } from "./guardian-link.ts";

const ASK_EVERY_MS = 2_000;
/** Who orders something finds it in the audit log, unless the database is not as quick. */
const AUDIT_PATIENCE_MS = 1_000;

const waiting = z.object({ items: z.array(recoveryDeed) });

interface Parts {
  log: Log;
  /** null: it is away. */
  database(): Database | null;
}

export class RecoveryAudit {
  readonly #link: Pick<GuardianLink, "ask"> | null;
  readonly #parts: Parts;
  readonly #timer: NodeJS.Timeout;
  #writing: Promise<void> | null = null;
  #failed = false;

  constructor(link: Pick<GuardianLink, "ask"> | null, parts: Parts) {
    this.#link = link;
    this.#parts = parts;
    this.#timer = setInterval(() => void this.#write(), ASK_EVERY_MS);
  }

  /** Something was ordered just now. */
  async soon(): Promise<void> {
    await Promise.race([this.#writeAnew(), sleep(AUDIT_PATIENCE_MS)]);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** What runs already may have asked before this was ordered. */
  async #writeAnew(): Promise<void> {
    await this.#writing;
    await this.#write();
  }

  async #write(): Promise<void> {
    this.#writing ??= this.#writeNow().finally(() => {
      this.#writing = null;
    });
    await this.#writing;
  }

  async #writeNow(): Promise<void> {
    const database = this.#parts.database();
    if (!this.#link || !database) return;
    try {
      const { items } = await this.#link.ask("/api/recovery/deeds", waiting);
      const newest = items.at(-1);
      if (newest) {
        await auditRecovery(database, items);
        await this.#link.ask("/api/recovery/deeds/audited", waiting, { method: "PUT", body: { id: newest.id } });
      }
      this.#failed = false;
    } catch (error) {
      if (!this.#failed) this.#parts.log.warn({ err: error }, "what was ordered of the guardian is not audited yet");
      this.#failed = true;
    }
  }
}
