/** Times to the microsecond, as PostgreSQL counts them. Pure. */

/** Microseconds since 1970 (exact in a number for two centuries), or null: no time, or one that names no zone. */
export function microseconds(text: string): number | null {
  const found = /^(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?\s*(Z|[+-]\d\d(?::?\d\d)?)$/i.exec(text.trim());
  if (!found?.[1] || !found[3]) return null;
  const zone = /^z$/i.test(found[3])
    ? "Z"
    : found[3].replace(/^([+-]\d\d):?(\d\d)?$/, (_, hours, minutes) => `${hours}:${minutes ?? "00"}`);
  const whole = Date.parse(`${found[1].replace(" ", "T")}${zone}`);
  if (Number.isNaN(whole)) return null;
  return whole * 1000 + Number((found[2] ?? "").padEnd(6, "0").slice(0, 6));
}
