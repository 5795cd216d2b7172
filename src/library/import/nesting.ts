/** What of a file's settings cannot be kept: each is refused by name, for it would be lost or do harm on its way. */

/** They go through code that calls itself for each level: no more than anyone writes. */
const DEPTH_LIMIT = 64;

export function nestedTooDeep(value: unknown, depth = 0): boolean {
  if (typeof value !== "object" || value === null) return false;
  return depth >= DEPTH_LIMIT || Object.values(value).some((inner) => nestedTooDeep(inner, depth + 1));
}

/** `__proto__` is lost on the way through an object; whoever sends it in a request is refused, too. */
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

export const NAMED_PROTO = "a name in it is __proto__, which cannot be kept";
