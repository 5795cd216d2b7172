/** Which value each variable has when a prompt is rendered: the given one, its default, or none. */
import type { Json, Variable } from "../contract/shapes.ts";
import type { Faults, Spot } from "./render-fault.ts";
import { typedValue } from "./values.ts";

export interface Use {
  /** Where it is used first. */
  spot: Spot;
  /** It takes the place of messages, somewhere. */
  placeholder: boolean;
}

export interface Wanted {
  /** Variables that the texts and placeholders use, in order of appearance. */
  uses: ReadonlyMap<string, Use>;
  /** Those that are described, used or not. */
  declared: ReadonlyMap<string, Variable>;
}

/** The variables that have a value. Adds to `faults` every one whose value is wrong or missing. */
export function takeValues(
  { uses, declared }: Wanted,
  given: Readonly<Record<string, Json>>,
  faults: Faults,
): Map<string, Json> {
  const values = new Map<string, Json>();
  for (const name of new Set([...uses.keys(), ...declared.keys()])) {
    const use = uses.get(name);
    const taken = takeValue(name, declared.get(name), use?.placeholder ?? false, given);
    if (taken === null) continue;
    if ("fault" in taken) faults.add(use?.spot ?? null, name, taken.fault);
    else values.set(name, taken.value);
  }
  return values;
}

function takeValue(
  name: string,
  { type, default: preset, required = false }: Variable = {},
  placeholder: boolean,
  given: Readonly<Record<string, Json>>,
): { value: Json } | { fault: string } | null {
  if (placeholder && type !== undefined && type !== "messages" && type !== "json") {
    return { fault: `“${name}” stands for messages, but its type is ${type}` };
  }
  const wanted = placeholder ? "messages" : type;
  // A variable may be called `constructor`, which every object seems to have.
  if (Object.hasOwn(given, name)) return named(`“${name}”`, typedValue(wanted, given[name] ?? null));
  if (preset !== undefined) return named(`the default of “${name}”`, typedValue(wanted, preset));
  return required ? { fault: `“${name}” is required, and has no value` } : null;
}

function named(what: string, typed: { value: Json } | { fault: string }): { value: Json } | { fault: string } {
  return "fault" in typed ? { fault: `${what} ${typed.fault}` } : typed;
}

/** What was given and nothing wants: mostly a name that was mistyped. */
export function unknownValues({ uses, declared }: Wanted, given: Readonly<Record<string, Json>>): string[] {
  return Object.keys(given).filter((name) => !uses.has(name) && !declared.has(name));
}
