/** Fields of files that others wrote: what they should hold, they may not. */
import { isJsonObject } from "../../contract/json-values.ts";
import type { Json, Variable } from "../../contract/shapes.ts";

export type Fields = Record<string, Json>;

export function isRecord(value: Json | undefined): value is Fields {
  return isJsonObject(value);
}

/** The fields of an object; none of anything else. */
export function fieldsOf(value: Json | undefined): Fields {
  return isRecord(value) ? value : {};
}

/**
 * Of a variable: the text that a field holds, as far as a description can be long; nothing when it holds none. The
 * settings keep the whole declaration.
 */
export function described(value: Json | undefined): { description?: string } {
  if (typeof value !== "string" || value.trim() === "") return {};
  return { description: value.trim().slice(0, 2000).toWellFormed() };
}

/** Types as the formats of the field call them. */
const types: Readonly<Record<string, Variable["type"]>> = {
  string: "string",
  number: "number",
  integer: "number",
  float: "number",
  boolean: "boolean",
  array: "json",
  object: "json",
  thread: "messages",
};

export function typeFrom(value: Json | undefined): { type?: NonNullable<Variable["type"]> } {
  const type = typeof value === "string" && Object.hasOwn(types, value) ? types[value] : undefined;
  return type ? { type } : {};
}

/** A name of a variable that can be one. */
export function isVariableName(name: string): boolean {
  return name !== "" && name.length <= 128 && name !== "__proto__";
}
