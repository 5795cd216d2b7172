/** Describing variables: what is said of one, and defaults as they are typed. */
import { typedValue } from "../../prompt/values.ts";
import type { Json, Variable } from "../../sdk/index.ts";
import type { Content } from "./draft.ts";

export const TYPES = ["string", "number", "boolean", "json"] as const;

/** A variable of which nothing is said is not described at all, so that saying nothing makes no other version. */
export function withVariable(variables: Content["variables"], name: string, variable: Variable): Content["variables"] {
  const { description, required, ...rest } = variable;
  const said = { ...rest, ...(description ? { description } : {}), ...(required ? { required } : {}) };
  const others = Object.entries(variables).filter(([known]) => known !== name);
  const isNothing = Object.keys(said).length === 0;
  if (isNothing) return Object.fromEntries(others);
  const at = Object.keys(variables).indexOf(name);
  return Object.fromEntries(others.toSpliced(at === -1 ? others.length : at, 0, [name, said]));
}

export function shownDefault(value: Json | undefined): string {
  if (value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Nothing typed is no default. */
export function defaultOf(type: Variable["type"], typed: string): { value: Json | undefined } | { fault: string } {
  if (typed === "") return { value: undefined };
  if (type !== "json" && type !== "messages") return typedValue(type, typed);
  try {
    return typedValue(type, JSON.parse(typed));
  } catch {
    return { fault: "is not JSON yet" };
  }
}
