/** What is typed where a value belongs and is none yet: it is kept with the draft, and saved only once it is one. Pure. */
import type { Draft, HalfTyped } from "./draft.ts";
import { fieldsOf } from "./fields.ts";
import { defaultOf } from "./variables.ts";

/** Why it cannot be saved as it is, as a sentence; null: nothing is half typed. */
export function halfTypedFault({ content, halfTyped }: Pick<Draft, "content" | "halfTyped">): string | null {
  if (halfTyped?.config !== undefined) return "The configuration is no JSON object yet.";
  if (Object.keys(halfTyped?.defaults ?? {}).length === 0) return null;
  for (const { name } of fieldsOf(content, [])) {
    const typed = halfTypedDefault(halfTyped, name);
    if (typed === null) continue;
    const { type } = Object.hasOwn(content.variables, name) ? (content.variables[name] ?? {}) : {};
    const value = defaultOf(type, typed);
    if ("fault" in value) return `The default of “${name}” ${value.fault}.`;
  }
  return null;
}

/** null: none. */
export function halfTypedDefault(halfTyped: HalfTyped | undefined, name: string): string | null {
  const { defaults = {} } = halfTyped ?? {};
  return Object.hasOwn(defaults, name) ? (defaults[name] ?? null) : null;
}

/** `typed` null: what is there now is a value. */
export function withConfigTyped(halfTyped: HalfTyped | undefined, typed: string | null): HalfTyped {
  const { config: _, ...rest } = halfTyped ?? {};
  return typed === null ? rest : { ...rest, config: typed };
}

/** `typed` null: what is there now is a value. */
export function withDefaultTyped(halfTyped: HalfTyped | undefined, name: string, typed: string | null): HalfTyped {
  const others = Object.entries(halfTyped?.defaults ?? {}).filter(([known]) => known !== name);
  return { ...halfTyped, defaults: Object.fromEntries(typed === null ? others : [...others, [name, typed]]) };
}
