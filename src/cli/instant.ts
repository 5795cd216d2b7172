/** Times as people write them. */
import { usage } from "./verb.ts";

const TIME = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2})(?:(:\d{2})([.]\d{1,6})?)? ?([Zz]|[+-]\d{2}(?::?\d{2})?)?$/;

/**
 * ISO 8601 with a zone. Without one it is local time, which is what people have on their clocks. Microseconds count:
 * PostgreSQL has them, and a Date has none.
 */
export function instantOf(text: string): string {
  const instant = readInstant(text);
  if (instant !== null) return instant;
  throw usage(`${text} is no time.`, "Write it as 2026-11-22T06:00:00Z, or as 2026-11-22 06:00 in local time.");
}

/** The same, or null where it is none. */
export function readInstant(text: string): string | null {
  const [, day = "", minutes = "", seconds = ":00", fraction = "", zone] = TIME.exec(text.trim()) ?? [];
  const local = `${day}T${minutes}${seconds}`;
  // A Date takes the 31st of February for the 3rd of March, and 24:00 for the next day.
  const isReal = new Date(`${local}Z`).toJSON()?.startsWith(local) ?? false;
  if (!isReal) return null;
  if (zone === undefined) return `${new Date(local).toISOString().slice(0, -".000Z".length)}${fraction}Z`;
  const [, sign = "", hours = "", rest = "00"] = /^([+-])(\d{2}):?(\d{2})?$/.exec(zone) ?? [];
  return `${local}${fraction}${sign === "" ? "Z" : `${sign}${hours}:${rest}`}`;
}
