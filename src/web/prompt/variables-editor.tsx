/** What the variables of a version are: type, default, whether one must be given, what it is for. */
import { useMemo, useState } from "react";
import type { Variable } from "../../sdk/index.ts";
import type { Content, HalfTyped } from "./draft.ts";
import { fieldsOf } from "./fields.ts";
import { halfTypedDefault, withDefaultTyped } from "./half-typed.ts";
import { defaultOf, shownDefault, TYPES, withVariable } from "./variables.ts";

interface VariablesEditorProps {
  content: Content;
  halfTyped: HalfTyped | undefined;
  onChange(variables: Content["variables"], halfTyped: HalfTyped | undefined): void;
}

export function VariablesEditor({ content, halfTyped, onChange }: VariablesEditorProps) {
  const fields = useMemo(() => fieldsOf(content, []), [content]);
  // Only to begin with: what keeps from saving is in view, and who closes it has it closed.
  const [isOpen] = useState(fields.some(({ name }) => halfTypedDefault(halfTyped, name) !== null));
  if (fields.length === 0) return null;
  return (
    <details className="config" open={isOpen}>
      <summary>Variables ({fields.length})</summary>
      <ul className="stack">
        {fields.map(({ name, type }) => (
          <li key={name}>
            <OneVariable
              name={name}
              isPlaceholder={type === "messages"}
              variable={Object.hasOwn(content.variables, name) ? (content.variables[name] ?? {}) : {}}
              halfTyped={halfTypedDefault(halfTyped, name)}
              onChange={(variable, half) =>
                onChange(withVariable(content.variables, name, variable), withDefaultTyped(halfTyped, name, half))
              }
            />
          </li>
        ))}
      </ul>
    </details>
  );
}

interface OneVariableProps {
  name: string;
  isPlaceholder: boolean;
  variable: Variable;
  /** Its default as typed, where it is no value yet. */
  halfTyped: string | null;
  onChange(variable: Variable, halfTyped: string | null): void;
}

function OneVariable({ name, isPlaceholder, variable, halfTyped, onChange }: OneVariableProps) {
  return (
    <fieldset className="one-variable">
      <legend>
        <bdi>{name}</bdi>
      </legend>
      {!isPlaceholder && (
        <label className="field">
          <span>Type</span>
          <select
            value={variable.type ?? ""}
            onChange={(event) => {
              const { type: _, ...rest } = variable;
              const type = TYPES.find((known) => known === event.target.value);
              onChange(type === undefined ? rest : { ...rest, type }, null);
            }}
          >
            <option value="">any</option>
            {TYPES.map((type) => (
              <option key={type}>{type}</option>
            ))}
          </select>
        </label>
      )}
      <Default key={variable.type ?? ""} variable={variable} halfTyped={halfTyped} onChange={onChange} />
      <label className="field grow">
        <span>What is it for?</span>
        <input
          value={variable.description ?? ""}
          maxLength={2000}
          dir="auto"
          onChange={(event) => onChange({ ...variable, description: event.target.value }, halfTyped)}
        />
      </label>
      <label className="check">
        <input
          type="checkbox"
          checked={variable.required ?? false}
          onChange={(event) => onChange({ ...variable, required: event.target.checked }, halfTyped)}
        />{" "}
        must be given
      </label>
    </fieldset>
  );
}

/** What is typed is kept also while it is no value of its type; then the default is as it was. */
function Default({ variable, halfTyped, onChange }: Pick<OneVariableProps, "variable" | "halfTyped" | "onChange">) {
  const [typed, setTyped] = useState(() => halfTyped ?? shownDefault(variable.default));
  const parsed = useMemo(() => defaultOf(variable.type, typed), [variable.type, typed]);
  return (
    <label className="field grow">
      <span>Default{"fault" in parsed && <small className="fault"> {parsed.fault}</small>}</span>
      <input
        value={typed}
        dir="auto"
        aria-invalid={"fault" in parsed}
        onChange={(event) => {
          setTyped(event.target.value);
          const next = defaultOf(variable.type, event.target.value);
          if ("fault" in next) {
            onChange(variable, event.target.value);
            return;
          }
          const { default: _, ...rest } = variable;
          onChange(next.value === undefined ? rest : { ...rest, default: next.value }, null);
        }}
      />
    </label>
  );
}
