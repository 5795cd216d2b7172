/** A home that was never made, or that is gone as a whole: what a verb can do without one, and that it makes none. */
import { existsSync } from "node:fs";
import type { Home } from "../base/config.ts";
import { PromptlibError } from "../contract/errors.ts";
import type { JobRequest } from "../contract/recovery.ts";
import type { Patient } from "../recovery/patient.ts";
import type { WorkContext } from "./recovery-work.ts";

/** A directory that is there and empty (a volume, say) is no home yet. */
export function wasMade(home: Home): boolean {
  return existsSync(home.run);
}

export function nothingThere({ root }: Home): PromptlibError {
  return new PromptlibError("not_running", {
    message: `There is nothing yet at the home ${root}.`,
    hint: "Start it with: promptlib up, or name the home that you mean with PROMPTLIB_HOME.",
  });
}

/** No PostgreSQL is there to be stopped. */
export const nobody: Patient = {
  stop: async () => {},
  start: async () => {},
  downSince: async () => null,
};

/**
 * Carries out what only reads locations. null: it is a restore of a home that was lost, and it can be carried out.
 * Errors: `not_running` for what needs a home, `restore_impossible`.
 */
export async function lookOf(request: JobRequest, context: WorkContext): Promise<{ result: unknown } | null> {
  const { refuseImpossible, work } = await import("./recovery-work.ts");
  if (request.verb === "verify") return { result: await work(request, context) };
  if (request.verb !== "restore") throw nothingThere(context.config.home);
  if (request.options.plan) return { result: await work(request, context) };
  await refuseImpossible(request.options, context);
  return null;
}
