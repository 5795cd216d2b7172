/** What a value of JSON is, and what it may not be, whatever its shape: a shape would drop it without a word, or fall over it. */

/** No array, and not null. */
export function isJsonObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whatever walks over a value goes down one call for each level; so does this, to `limit`. */
export function nestedDeeper(value: unknown, limit: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return limit === 0 || Object.values(value).some((inner) => nestedDeeper(inner, limit - 1));
}

/** `__proto__` is lost on the way through an object. */
export function namesProto(value: unknown): boolean {
  const open = [value];
  while (open.length > 0) {
    const one = open.pop();
    if (typeof one !== "object" || one === null) continue;
    if (Object.hasOwn(one, "__proto__")) return true;
    for (const inner of Object.values(one)) open.push(inner);
  }
  return false;
}
