/** The inputs that a `.prompty` file declares, in the several forms that its versions had. */
import type { Json, Variable } from "../../contract/shapes.ts";
import { described, type Fields, fieldsOf, isRecord, isVariableName, typeFrom } from "./fields.ts";
import type { Known } from "./sections.ts";

export interface Inputs {
  variables: Record<string, Variable>;
  known: Known;
  /** Those that are lists of messages. */
  threads: ReadonlySet<string>;
}

export function readInputs(data: Fields): Inputs {
  const declared = [
    ...entriesOf(data.inputs),
    ...entriesOf(fieldsOf(data.inputSchema).properties),
    // Version 1 has examples only: they say which names there are, and whether they are plain.
    ...Object.entries(fieldsOf(data.sample)).map(([name, value]) => ({ name, fields: { kind: kindOf(value) } })),
  ];
  const variables: Record<string, Variable> = {};
  const known = new Map<string, "plain" | "structured">();
  const threads = new Set<string>();
  for (const { name, fields } of declared) {
    if (!isVariableName(name) || Object.hasOwn(variables, name)) continue;
    const variable = variableOf(fields);
    variables[name] = variable;
    if (variable.type === "messages") threads.add(name);
    if (variable.type) known.set(name, ["json", "messages"].includes(variable.type) ? "structured" : "plain");
  }
  return { variables, known, threads };
}

interface Declared {
  name: string;
  fields: Fields;
}

/** A list of `{name, kind, …}`, or an object of those by name, or of plain default values. */
function entriesOf(inputs: Json | undefined): Declared[] {
  if (Array.isArray(inputs)) {
    return inputs.flatMap((each) =>
      isRecord(each) && typeof each.name === "string" ? [{ name: each.name, fields: each }] : [],
    );
  }
  return Object.entries(fieldsOf(inputs)).map(([name, value]) => ({
    name,
    fields: isRecord(value) ? value : { kind: kindOf(value), default: value },
  }));
}

function kindOf(value: Json): string {
  if (Array.isArray(value)) return "array";
  return value === null ? "any" : typeof value;
}

function variableOf({ kind, type, description, default: preset, required }: Fields): Variable {
  const typed = typeFrom(kind ?? type);
  return {
    ...typed,
    ...described(description),
    ...(preset === undefined ? {} : { default: typed.type === "messages" ? threadFrom(preset) : preset }),
    ...(typeof required === "boolean" ? { required } : {}),
  };
}

/** Prompty's own samples write `{}` for a thread without messages. */
function threadFrom(preset: Json): Json {
  return isRecord(preset) && Object.keys(preset).length === 0 ? [] : preset;
}
