/** The prompt with values in it, as one types them, beside the form that they are typed into. */
import { useDeferredValue, useId, useMemo, useState } from "react";
import type { Prompt, RenderFault } from "../../sdk/index.ts";
import { Text } from "./content-view.tsx";
import { type Field, fieldsOf, valuesOf } from "./fields.ts";
import { type Rendering, renderingOf, useIncludes } from "./rendering.ts";

export function TryIt({ project, prompt }: { project: string; prompt: Prompt }) {
  const id = useId();
  const [typed, setTyped] = useState<ReadonlyMap<string, string>>(new Map());
  const found = useIncludes(project, prompt);
  const fields = useMemo(
    () =>
      fieldsOf(
        prompt,
        [...found.includes.values()].map((include) => include.prompt),
      ),
    [prompt, found],
  );
  const { values, faults } = useMemo(() => valuesOf(fields, typed), [fields, typed]);
  const late = useDeferredValue(values);
  const rendering = useMemo(() => renderingOf(prompt, late, found), [prompt, late, found]);
  const told = rendering.state === "faulty" ? rendering.faults : [];
  return (
    <section className="card" aria-labelledby={id}>
      <h2 id={id}>Try it</h2>
      {fields.length === 0 && <p className="hint">It has no variables.</p>}
      {fields.map((field) => (
        <ValueField
          key={field.name}
          field={field}
          typed={typed.get(field.name) ?? ""}
          fault={faults.get(field.name) ?? told.find(({ variable }) => variable === field.name)?.message ?? null}
          onType={(text) => setTyped((last) => new Map(last).set(field.name, text))}
        />
      ))}
      <h3>Rendered</h3>
      <Output rendering={rendering} />
    </section>
  );
}

interface ValueFieldProps {
  field: Field;
  typed: string;
  fault: string | null;
  onType(text: string): void;
}

function ValueField({ field, typed, fault, onType }: ValueFieldProps) {
  const id = useId();
  const { name, type, description, preset, required } = field;
  const about = [type, required && preset === null ? "required" : null].filter(Boolean).join(", ");
  const shared = {
    id: `${id}-value`,
    value: typed,
    "aria-invalid": fault !== null,
    "aria-describedby": `${id} ${id}-fault`,
    onChange: (event: { target: { value: string } }) => onType(event.target.value),
  };
  return (
    <div>
      <label className="field" htmlFor={`${id}-value`}>
        <span>
          <bdi>{name}</bdi> {about !== "" && <small>{about}</small>}
        </span>
        {type === "boolean" ? (
          <select {...shared}>
            <option value="">{preset === null ? "not given" : `${preset} (default)`}</option>
            <option>true</option>
            <option>false</option>
          </select>
        ) : (
          <textarea
            {...shared}
            rows={1}
            dir="auto"
            className={type === "json" || type === "messages" ? "value code" : "value"}
            inputMode={type === "number" ? "decimal" : "text"}
            placeholder={preset === null ? (type === "messages" ? '[{"role": "user", "content": "…"}]' : "") : preset}
          />
        )}
      </label>
      <p id={id} className="hint">
        {description}
      </p>
      <p id={`${id}-fault`} className="fault" role="status">
        {fault}
      </p>
    </div>
  );
}

function Output({ rendering }: { rendering: Rendering }) {
  if (rendering.state === "waiting") return <p className="hint">Looking for what it includes …</p>;
  if (rendering.state === "faulty") {
    const { error, faults } = rendering;
    return (
      <div className="failure" role="status">
        {faults.length === 0 && <p>{error.message}</p>}
        <ul>
          {faults.map((fault) => (
            <li key={JSON.stringify(fault)}>
              {placeOf(fault)}
              {fault.message}
            </li>
          ))}
        </ul>
      </div>
    );
  }
  const { rendered } = rendering;
  return (
    <>
      {"text" in rendered ? (
        <Text text={rendered.text} isTemplate={false} />
      ) : (
        <ol className="messages">
          {rendered.messages.map(({ role, content }, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a message is its place
            <li key={index} className="message">
              <p className="message-role">{role}</p>
              <Text text={content} isTemplate={false} />
            </li>
          ))}
        </ol>
      )}
      {rendered.warnings.length > 0 && (
        <ul className="warnings">
          {rendered.warnings.map((warning) => (
            <li key={JSON.stringify(warning)}>{warning.message}</li>
          ))}
        </ul>
      )}
    </>
  );
}

function placeOf({ include, index, line, column }: RenderFault): string {
  const parts = [
    include === null ? null : `in ${include}`,
    index === null ? null : `message ${index + 1}`,
    line === null ? null : `line ${line}, column ${column}`,
  ].filter((part) => part !== null);
  return parts.length === 0 ? "" : `${parts.join(", ")}: `;
}
