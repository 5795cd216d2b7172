/** Routes about maintenance: everybody may know, operators decide. */
import type { Handlers } from "./route.ts";

export const maintenanceHandlers = {
  readMaintenance(_request, { maintenance }) {
    return { body: maintenance.current };
  },

  async setMaintenance({ actor, body, address }, { maintenance }) {
    return { body: await maintenance.set(body, { by: actor.name, address }) };
  },
} satisfies Partial<Handlers>;
