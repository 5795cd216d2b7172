import { type HTMLInputTypeAttribute, useLayoutEffect, useRef } from "react";
import { ACTIONS, type AuditQuery } from "./audit-query.ts";

interface AuditFiltersProps {
  query: AuditQuery;
  /** Which one alone may be looked at, in place of the library; null: there is no choice. */
  project: string | null;
  onChange(part: Partial<AuditQuery>): void;
}

export function AuditFilters({ query, project, onChange }: AuditFiltersProps) {
  const { action, actor, subject, from, to, isOfProject } = query;
  const form = useRef<HTMLFormElement>(null);
  /** Whatever of it was changed: what is typed beside that goes along. */
  const ask = () => {
    if (!form.current) return;
    const given = new FormData(form.current);
    const word = (name: string) => String(given.get(name) ?? "").trim() || null;
    onChange({
      action: word("action"),
      actor: word("actor"),
      subject: word("subject"),
      from: word("from"),
      to: word("to"),
      ...(project === null ? {} : { isOfProject: given.get("where") === "project" }),
    });
  };
  const askAll = () => {
    for (const input of form.current?.querySelectorAll("input") ?? []) input.value = "";
    onChange({ action: null, actor: null, subject: null, from: null, to: null });
  };
  return (
    <form
      ref={form}
      className="audit-filters"
      aria-label="Narrow down"
      onSubmit={(event) => {
        event.preventDefault();
        ask();
      }}
    >
      <label className="field">
        <span>What</span>
        <select name="action" value={action ?? ""} data-chosen={action !== null} onChange={ask}>
          <option value="">everything</option>
          {action !== null && !(action in ACTIONS) && <option>{action}</option>}
          {Object.entries(ACTIONS).map(([word, name]) => (
            <option key={word} value={word}>
              {name}
            </option>
          ))}
        </select>
      </label>
      {project !== null && (
        <label className="field">
          <span>Where</span>
          <select name="where" value={isOfProject ? "project" : ""} data-chosen={isOfProject} onChange={ask}>
            <option value="">the whole library</option>
            <option value="project">only {project}</option>
          </select>
        </label>
      )}
      <Field name="actor" title="Who" value={actor} placeholder="eva, key:4fz8k2m1" />
      <Field name="subject" title="On what" value={subject} placeholder="a prompt, a user, a key" />
      <Field name="from" title="From the day" value={from} type="date" />
      <Field name="to" title="to the day" value={to} type="date" />
      <div className="buttons">
        <button type="submit">Show</button>
        {(action ?? actor ?? subject ?? from ?? to) !== null && (
          <button type="button" className="quiet" onClick={askAll}>
            Show all
          </button>
        )}
      </div>
    </form>
  );
}

interface FieldProps {
  name: string;
  title: string;
  /** As the address has it. */
  value: string | null;
  type?: HTMLInputTypeAttribute;
  placeholder?: string;
}

function Field({ name, title, value, type = "text", placeholder }: FieldProps) {
  const input = useRef<HTMLInputElement>(null);
  // Not by making it anew, which would take the focus away.
  useLayoutEffect(() => {
    if (input.current) input.current.value = value ?? "";
  }, [value]);
  return (
    <label className="field">
      <span>{title}</span>
      <input
        ref={input}
        type={type}
        name={name}
        placeholder={placeholder}
        dir="auto"
        autoCapitalize="none"
        autoComplete="off"
        spellCheck={false}
      />
    </label>
  );
}
