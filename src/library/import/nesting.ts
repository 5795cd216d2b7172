/** Settings from files go through code that calls itself for each level: more than anyone writes is refused first. */
const DEPTH_LIMIT = 64;

export function nestedTooDeep(value: unknown, depth = 0): boolean {
  if (typeof value !== "object" || value === null) return false;
  return depth >= DEPTH_LIMIT || Object.values(value).some((inner) => nestedTooDeep(inner, depth + 1));
}
