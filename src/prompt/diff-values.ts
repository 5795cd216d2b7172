/** What differs between two values of JSON: each place where something was added, removed or changed. */
import type { ValueDiff } from "../contract/diff.ts";

/** In the order of the keys of the old value, then of the new. Items of a list are compared place by place. */
export function diffValues(from: unknown, to: unknown, path: (string | number)[] = []): ValueDiff[] {
  if (Object.is(from, to)) return [];
  if (Array.isArray(from) && Array.isArray(to)) {
    const places = [...Array(Math.max(from.length, to.length)).keys()];
    return places.flatMap((place) => at(path, place, from.length > place, from[place], to.length > place, to[place]));
  }
  if (isRecord(from) && isRecord(to)) {
    const keys = [...new Set([...Object.keys(from), ...Object.keys(to)])];
    return keys.flatMap((key) => {
      return at(path, key, Object.hasOwn(from, key), from[key], Object.hasOwn(to, key), to[key]);
    });
  }
  return [{ path, kind: "changed", from, to }];
}

function at(
  path: (string | number)[],
  step: string | number,
  was: boolean,
  from: unknown,
  is: boolean,
  to: unknown,
): ValueDiff[] {
  const here = [...path, step];
  if (was && is) return diffValues(from, to, here);
  return [was ? { path: here, kind: "removed", from } : { path: here, kind: "added", to }];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
