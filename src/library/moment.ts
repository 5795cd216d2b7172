/** Moments that are asked about: what was so at a time. */
import { now } from "../base/clock.ts";
import { PromptlibError } from "../contract/errors.ts";

/** Clocks differ: a moment that is only this far ahead is taken for the present. */
const AHEAD_MS = 60_000;

export const PRESENT = "infinity";

/** What PostgreSQL takes for a moment; without one, the present and whatever it just became. Throws `invalid_request`. */
export function momentOf(at: string | undefined): string {
  if (at === undefined) return PRESENT;
  const moment = Date.parse(at);
  const fault = moment > now().getTime() + AHEAD_MS ? "is still to come" : moment >= 0 ? null : "lies before 1970";
  if (fault === null) return new Date(moment).toISOString();
  throw new PromptlibError("invalid_request", {
    message: `The time ${at} ${fault}.`,
    details: { faults: [{ field: "query.at", fault }] },
  });
}
