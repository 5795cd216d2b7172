/**
 * The guardian, reached over HTTP: at GUARDIAN_URL, or where run/guardian.json of the home says. The server shows itself
 * by a token of a minute that says for whom it asks.
 */
import type { z } from "zod";
import { now } from "../base/clock.ts";
import type { Config, Home } from "../base/config.ts";
import { type Acting, signGuardianToken } from "../base/guardian-token.ts";
import { readLocalFile } from "../base/local-file.ts";
import { CHANGE_PATIENCE_MS, type MaintenanceHolder } from "../base/maintenance-file.ts";
import { isErrorCode, PromptlibError } from "../contract/errors.ts";
import { type HeldMaintenance, heldMaintenance, type MaintenanceChange } from "../contract/maintenance.ts";
import { errorBody } from "../contract/shapes.ts";

interface Asked {
  method?: "GET" | "POST" | "PUT" | "DELETE";
  body?: unknown;
  /** For whom; the server itself where it is left out. */
  by?: Acting;
  /** ms */
  patience?: number;
}

/** It is asked each second (maintenance.ts); one answer that is late is no silence yet. */
const SILENCE_MS = 3_000;

const OURSELVES: Acting = { name: "server", address: null };

export class GuardianLink implements MaintenanceHolder {
  readonly #home: Home;
  readonly #url: string | null;
  readonly #jwtSecret: string;
  /** The last answer, of whatever kind; null: none since we started. */
  #answeredAt: Date | null = null;

  /** null: there is none, since the PostgreSQL is not ours. */
  static to(config: Config, jwtSecret: string): GuardianLink | null {
    return config.guardianUrl === null && config.database ? null : new GuardianLink(config, jwtSecret);
  }

  private constructor({ home, guardianUrl }: Config, jwtSecret: string) {
    this.#home = home;
    this.#url = guardianUrl;
    this.#jwtSecret = jwtSecret;
  }

  /** Since when it has not answered; null: it does, or there never was one. */
  get silentSince(): Date | null {
    const at = this.#answeredAt;
    return at !== null && now().getTime() - at.getTime() > SILENCE_MS ? at : null;
  }

  async read(): Promise<HeldMaintenance> {
    return await this.ask("/api/maintenance", heldMaintenance);
  }

  async change(body: MaintenanceChange): Promise<HeldMaintenance> {
    return await this.ask("/api/maintenance", heldMaintenance, { method: "PUT", body });
  }

  async audited(id: string): Promise<HeldMaintenance> {
    return await this.ask("/api/maintenance/audited", heldMaintenance, { method: "PUT", body: { id } });
  }

  /** Its answer, in this shape. Errors: what the guardian refuses with, `guardian_unreachable`. */
  async ask<T extends z.ZodType>(path: string, shape: T, asked: Asked = {}): Promise<z.infer<T>> {
    const { method = "GET", body, by = OURSELVES, patience = CHANGE_PATIENCE_MS } = asked;
    try {
      const token = await signGuardianToken(this.#jwtSecret, by);
      const response = await fetch(`${await this.#address()}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(patience),
      });
      const answer: unknown = await response.json();
      this.#answeredAt = now();
      if (!response.ok) throw refusalOf(answer);
      return shape.parse(answer);
    } catch (error) {
      throw error instanceof PromptlibError ? error : new PromptlibError("guardian_unreachable", { cause: error });
    }
  }

  async #address(): Promise<string> {
    const url = this.#url ?? (await readLocalFile(this.#home, "guardian.json"))?.url;
    if (url === undefined) throw new PromptlibError("guardian_unreachable");
    return url.replace(/\/+$/, "");
  }
}

/** That it does not believe us is no fault of who asks. */
function refusalOf(answer: unknown): PromptlibError {
  const { code = "", message = "", hint = "", details } = errorBody.safeParse(answer).data?.error ?? {};
  if (code === "unauthenticated") {
    return new PromptlibError("guardian_unreachable", {
      message: "The guardian does not believe this server: their JWT_SECRETs differ, or their clocks do.",
      hint: "Give both the same JWT_SECRET, or none; and set the clocks.",
    });
  }
  if (!isErrorCode(code)) return new PromptlibError("guardian_unreachable");
  return new PromptlibError(code, { message, hint, ...(details === undefined ? {} : { details }) });
}
