/** The guardian of this home, reached over HTTP, with the address and token that it leaves for the local operator. */
import type { Home } from "../base/config.ts";
import { readLocalFile } from "../base/local-file.ts";
import { CHANGE_PATIENCE_MS, type MaintenanceHolder } from "../base/maintenance-file.ts";
import { isErrorCode, PromptlibError } from "../contract/errors.ts";
import { type HeldMaintenance, heldMaintenance, type MaintenanceChange } from "../contract/maintenance.ts";
import { errorBody } from "../contract/shapes.ts";

export class GuardianLink implements MaintenanceHolder {
  readonly #home: Home;

  constructor(home: Home) {
    this.#home = home;
  }

  async read(): Promise<HeldMaintenance> {
    return await this.#ask("/api/maintenance", { method: "GET" });
  }

  async change(change: MaintenanceChange): Promise<HeldMaintenance> {
    return await this.#ask("/api/maintenance", { method: "PUT", body: JSON.stringify(change) });
  }

  async audited(id: string): Promise<HeldMaintenance> {
    return await this.#ask("/api/maintenance/audited", { method: "PUT", body: JSON.stringify({ id }) });
  }

  async #ask(path: string, request: RequestInit): Promise<HeldMaintenance> {
    try {
      const address = await readLocalFile(this.#home, "guardian.json");
      if (!address) throw new PromptlibError("guardian_unreachable");
      const response = await fetch(`${address.url}${path}`, {
        ...request,
        headers: { authorization: `Bearer ${address.token}`, "content-type": "application/json" },
        signal: AbortSignal.timeout(CHANGE_PATIENCE_MS),
      });
      const answer: unknown = await response.json();
      if (!response.ok) throw refusalOf(answer);
      return heldMaintenance.parse(answer);
    } catch (error) {
      throw error instanceof PromptlibError ? error : new PromptlibError("guardian_unreachable", { cause: error });
    }
  }
}

/** A token of the guardian before this one is no fault of who asks: the next file has the new one. */
function refusalOf(answer: unknown): PromptlibError {
  const { code = "", message = "", hint = "" } = errorBody.safeParse(answer).data?.error ?? {};
  if (!isErrorCode(code) || code === "unauthenticated") return new PromptlibError("guardian_unreachable");
  return new PromptlibError(code, { message, hint });
}
