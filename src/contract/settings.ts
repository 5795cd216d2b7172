/** The configuration as it is in force, for operators to look at. Shapes, and a row of the table of routes. */
import { z } from "zod";

const settingOrigin = z.enum(["environment", "file", "default", "unset"]);
const shownSetting = z.object({
  name: z.string(),
  group: z.string(),
  about: z.string().describe("what it is for, and what holds where it is unset"),
  secret: z.boolean(),
  value: z.string().nullable().describe("what is in force; null: unset, or a secret, which is never shown"),
  origin: settingOrigin.describe("file: the one that NAME_FILE names"),
});
const shownSettings = z.object({ items: z.array(shownSetting) });

export type ShownSetting = z.infer<typeof shownSetting>;
export type ShownSettings = z.infer<typeof shownSettings>;

/** Plain rows: routes.ts, which has the type of a row, takes them into the table. */
export const settingsRoutes = {
  readSettings: {
    method: "GET",
    path: "/api/settings",
    access: "operator",
    summary: "Every setting of the server, what is in force, and where that comes from. Secrets are not told.",
    withoutDatabase: true,
    query: z.strictObject({}),
    answers: { 200: shownSettings },
    errors: [],
  },
} as const;
