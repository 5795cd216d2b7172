/** The input of a dotprompt file: Picoschema (`topic?: string, what about`) or JSON Schema, as variables. */
import type { Json, Variable } from "../../contract/shapes.ts";
import { described, type Fields, fieldsOf, isRecord, isVariableName, typeFrom } from "./fields.ts";
import type { Known } from "./sections.ts";

export function readSchema(input: Json | undefined): { variables: Record<string, Variable>; known: Known } {
  const { schema, default: presets } = fieldsOf(input);
  const variables: Record<string, Variable> = {};
  for (const [name, variable] of entriesOf(fieldsOf(schema))) {
    if (isVariableName(name)) variables[name] = variable;
  }
  for (const [name, preset] of Object.entries(fieldsOf(presets))) {
    if (isVariableName(name)) variables[name] = { ...variables[name], default: preset };
  }
  const known = new Map<string, "plain" | "structured">();
  for (const [name, { type, default: preset }] of Object.entries(variables)) {
    if (type) known.set(name, type === "json" || type === "messages" ? "structured" : "plain");
    else if (preset !== undefined) known.set(name, typeof preset === "object" ? "structured" : "plain");
  }
  return { variables, known };
}

function entriesOf(schema: Fields): [string, Variable][] {
  const { properties, required } = schema;
  if (!isRecord(properties)) return Object.entries(schema).map(([key, value]) => picoEntry(key, value));
  const names = Array.isArray(required) ? required : [];
  return Object.entries(properties).map(([name, value]) => {
    const fields = isRecord(value) ? value : {};
    const variable =
      typeof value === "string" ? scalar(value) : { ...typeFrom(fields.type), ...described(fields.description) };
    return [name, { ...variable, ...(names.includes(name) ? { required: true } : {}) }];
  });
}

/** `name?(array, about it)`: the key says whether it may be missing, and what a list or object is about. */
function picoEntry(key: string, value: Json): [string, Variable] {
  const [, name = "", optional, kind, about] = /^([^?(]*)(\?)?(?:\(([a-z]+)(?:,\s*(.*))?\))?$/.exec(key) ?? [];
  const required = { required: optional === undefined };
  if (kind === "enum") return [name, { ...described(about), ...required }];
  if (kind !== undefined || typeof value !== "string")
    return [name, { type: "json", ...described(about), ...required }];
  return [name, { ...scalar(value), ...required }];
}

/** `integer, how many`; a list of something is written `string[]` here and there. */
function scalar(value: string): Variable {
  const comma = value.indexOf(",");
  const type = (comma === -1 ? value : value.slice(0, comma)).trim();
  const about = comma === -1 ? undefined : value.slice(comma + 1);
  return { ...(type.endsWith("]") ? { type: "json" as const } : typeFrom(type)), ...described(about) };
}
