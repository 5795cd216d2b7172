import type { SetMaintenance } from "../contract/maintenance.ts";
import type { ShownSettings } from "../contract/settings.ts";
import type { Maintenance, SystemHealth } from "../contract/shapes.ts";
import type { Transport } from "./transport.ts";

export function systemCalls({ body }: Transport) {
  return {
    /** The process lives; says nothing about its parts. */
    health: (): Promise<{ status: "ok" }> => body({ method: "GET", path: "/health" }),
    /** Each part with its state. A server that is down answers too, with 503 and the same shape. */
    systemHealth: (): Promise<SystemHealth> => body({ method: "GET", path: "/api/system/health", accepts: [503] }),
    /** Whether writes, or reads, too, are refused for a while, and why. */
    readMaintenance: (): Promise<Maintenance> => body({ method: "GET", path: "/api/maintenance" }),
    /** For operators: every setting, what is in force, where it comes from; secrets are not told. */
    readSettings: (): Promise<ShownSettings> => body({ method: "GET", path: "/api/settings" }),
    /** For operators. */
    setMaintenance: (maintenance: SetMaintenance): Promise<Maintenance> =>
      body({ method: "PUT", path: "/api/maintenance", body: maintenance }),
  };
}
