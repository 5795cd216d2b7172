/** The form of a prompt: a field for each variable, and what is typed into them as values. */
import { contentVariables } from "../../prompt/template.ts";
import type { Json, Variable } from "../../sdk/index.ts";
import type { Content } from "./draft.ts";

export interface Field {
  name: string;
  type: Variable["type"];
  description: string;
  /** As it is shown where nothing is typed; null: there is none. */
  preset: string | null;
  required: boolean;
}

/** What the prompt uses or describes, then what only its includes do. */
export function fieldsOf(content: Content, included: readonly Content[]): Field[] {
  const fields = new Map<string, Field>();
  for (const from of [content, ...included]) {
    for (const name of [...contentVariables(from), ...Object.keys(from.variables)]) {
      if (!fields.has(name)) fields.set(name, fieldOf(name, from));
    }
  }
  return [...fields.values()];
}

function fieldOf(name: string, { variables, messages = [] }: Content): Field {
  const variable = Object.hasOwn(variables, name) ? variables[name] : undefined;
  const isPlaceholder = messages.some((message) => "placeholder" in message && message.placeholder === name);
  const preset = variable?.default;
  return {
    name,
    type: isPlaceholder ? "messages" : variable?.type,
    description: variable?.description ?? "",
    preset: preset === undefined ? null : typeof preset === "string" ? preset : JSON.stringify(preset),
    required: variable?.required ?? false,
  };
}

export interface Given {
  values: Record<string, Json>;
  /** By variable: what was typed cannot be a value. */
  faults: ReadonlyMap<string, string>;
}

/** A field in which nothing is typed gives no value: the default holds, if there is one. */
export function valuesOf(fields: readonly Field[], typed: ReadonlyMap<string, string>): Given {
  const values = new Map<string, Json>();
  const faults = new Map<string, string>();
  for (const { name, type } of fields) {
    const text = typed.get(name) ?? "";
    if (text === "") continue;
    if (type !== "json" && type !== "messages") values.set(name, text);
    else {
      try {
        values.set(name, JSON.parse(text));
      } catch {
        faults.set(
          name,
          type === "json" ? "is not JSON yet" : 'is not a list of messages yet, as [{"role": "user", "content": "…"}]',
        );
      }
    }
  }
  // fromEntries makes own fields of whatever a variable is called.
  return { values: Object.fromEntries(values), faults };
}
