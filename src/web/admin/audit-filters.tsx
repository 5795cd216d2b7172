import type { FormEvent } from "react";
import { ACTIONS, type AuditQuery } from "./audit-query.ts";

interface AuditFiltersProps {
  query: AuditQuery;
  /** Which one alone may be looked at, in place of the library; null: there is no choice. */
  project: string | null;
  onChange(part: Partial<AuditQuery>): void;
}

export function AuditFilters({ query, project, onChange }: AuditFiltersProps) {
  const { action, actor, subject, from, to, isOfProject } = query;
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    const word = (name: string) => String(given.get(name) ?? "").trim() || null;
    onChange({ actor: word("actor"), subject: word("subject"), from: word("from"), to: word("to") });
  };
  return (
    <form className="audit-filters" aria-label="Narrow down" onSubmit={submit}>
      <label className="field">
        <span>What</span>
        <select
          value={action ?? ""}
          data-chosen={action !== null}
          onChange={(event) => onChange({ action: event.target.value || null })}
        >
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
          <select
            value={isOfProject ? "project" : ""}
            data-chosen={isOfProject}
            onChange={(event) => onChange({ isOfProject: event.target.value === "project" })}
          >
            <option value="">the whole library</option>
            <option value="project">only {project}</option>
          </select>
        </label>
      )}
      <TextField name="actor" title="Who" value={actor} placeholder="eva, key:4fz8k2m1" />
      <TextField name="subject" title="On what" value={subject} placeholder="a prompt, a user, a key" />
      <label className="field">
        <span>From the day</span>
        <input type="date" name="from" defaultValue={from ?? ""} />
      </label>
      <label className="field">
        <span>to the day</span>
        <input type="date" name="to" defaultValue={to ?? ""} />
      </label>
      <div className="buttons">
        <button type="submit">Show</button>
        {(action ?? actor ?? subject ?? from ?? to) !== null && (
          <button
            type="button"
            className="quiet"
            onClick={() => onChange({ action: null, actor: null, subject: null, from: null, to: null })}
          >
            Show all
          </button>
        )}
      </div>
    </form>
  );
}

interface TextFieldProps {
  name: string;
  title: string;
  value: string | null;
  placeholder: string;
}

function TextField({ name, title, value, placeholder }: TextFieldProps) {
  return (
    <label className="field">
      <span>{title}</span>
      <input
        name={name}
        defaultValue={value ?? ""}
        placeholder={placeholder}
        dir="auto"
        autoCapitalize="none"
        autoComplete="off"
        spellCheck={false}
      />
    </label>
  );
}
