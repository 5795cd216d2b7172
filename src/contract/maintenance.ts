/** Maintenance: what is refused for a while, with a message for users. Shapes, and rows of the table of routes. */
import { z } from "zod";
import { instant, type Maintenance, maintenance } from "./shapes.ts";

const { mode, message, endsAt } = maintenance.shape;

export const setMaintenance = z
  .strictObject({
    mode,
    message: message.optional(),
    endsAt: z.iso
      .datetime({ offset: true })
      .optional()
      .describe("when it is planned to end; it does not end by itself"),
  })
  .refine(
    (body) => body.mode !== "off" || (body.message === undefined && body.endsAt === undefined),
    "off takes neither message nor endsAt",
  );

/** One change as it is kept: who, from where, when. The newest one counts. */
export const maintenanceChange = z.object({
  id: z.string().min(1).max(64),
  at: instant,
  by: z.string().max(256),
  address: z.string().nullable(),
  mode,
  message,
  endsAt,
});
/** What is kept, the oldest change first. `audited`: the newest one that is in the audit log; null: none. */
export const heldMaintenance = z.object({ changes: z.array(maintenanceChange), audited: z.string().nullable() });
export const auditedMaintenance = z.strictObject({ id: z.string().min(1).max(64) });

export type SetMaintenance = z.infer<typeof setMaintenance>;
export type MaintenanceChange = z.infer<typeof maintenanceChange>;
export type HeldMaintenance = z.infer<typeof heldMaintenance>;

export function maintenanceOf({ changes }: HeldMaintenance): Maintenance {
  const last = changes.at(-1);
  if (!last) return { mode: "off", message: "", since: null, endsAt: null };
  return { mode: last.mode, message: last.message, since: last.at, endsAt: last.endsAt };
}

/** Plain rows: routes.ts, which has the type of a row, takes them into the table. */
export const maintenanceRoutes = {
  readMaintenance: {
    method: "GET",
    path: "/api/maintenance",
    access: "public",
    summary: "Whether the library is in maintenance: mode, message for users, planned end.",
    withoutDatabase: true,
    maintenance: "closed",
    query: z.strictObject({}),
    answers: { 200: maintenance },
    errors: [],
  },
  setMaintenance: {
    method: "PUT",
    path: "/api/maintenance",
    access: "operator",
    summary: "Begin maintenance, change it, or end it with the mode off.",
    withoutDatabase: true,
    maintenance: "closed",
    query: z.strictObject({}),
    body: setMaintenance,
    answers: { 200: maintenance },
    errors: ["guardian_unreachable", "disk_full"],
  },
} as const;
