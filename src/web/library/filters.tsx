/** What the list is narrowed by: typed words, folder, label, tag, type, and its order. */
import { memo, useEffect, useId, useMemo, useRef, useState } from "react";
import type { LibraryFilter, Sort } from "../address.ts";
import { clientOf, everyItem, useLoaded } from "../calls.ts";
import { useHeardCalmly } from "../listening.ts";

interface FiltersProps {
  project: string;
  filter: LibraryFilter;
  typed: string;
  onType(typed: string): void;
  onChange(part: Partial<LibraryFilter>): void;
}

export const Filters = memo(function Filters({ project, filter, typed, onType, onChange }: FiltersProps) {
  const id = useId();
  const [isOpen, setOpen] = useState(filter.tag !== null || filter.label !== null || filter.type !== null);
  const search = useRef<HTMLInputElement>(null);
  useSlashKey(search);
  const client = clientOf(project);
  const tags = useChoices(JSON.stringify(["tags", project]), filter.tag, async () =>
    (await everyItem((page) => client.listTags(page))).map(({ tag }) => tag),
  );
  const labels = useChoices(JSON.stringify(["labels in use", project]), filter.label, async () =>
    (await everyItem((page) => client.listUsedLabels(page))).map(({ label }) => label),
  );
  return (
    <search className="filters">
      <label className="field grow">
        <span>Find</span>
        <input
          ref={search}
          type="search"
          value={typed}
          placeholder="What it says, its name, a tag"
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => onType(event.target.value)}
        />
      </label>
      <button
        type="button"
        className="filters-toggle"
        aria-expanded={isOpen}
        aria-controls={id}
        onClick={() => setOpen(!isOpen)}
      >
        Filter<span className="unseen"> and order</span>
      </button>
      <div id={id} className="choices-of-list" data-open={isOpen}>
        <Choice name="Label" value={filter.label} choices={labels} onChange={(label) => onChange({ label })} />
        <Choice name="Tag" value={filter.tag} choices={tags} onChange={(tag) => onChange({ tag })} />
        <Choice
          name="Type"
          value={filter.type}
          choices={["text", "chat"]}
          onChange={(type) => onChange({ type: type === "text" || type === "chat" ? type : null })}
        />
        <label className="field">
          <span>Order</span>
          <select
            value={filter.sort ?? (typed.trim() === "" ? "name" : "")}
            onChange={(event) => onChange({ sort: (event.target.value || null) as Sort | null })}
          >
            {typed.trim() !== "" && <option value="">Best match first</option>}
            <option value="name">Name, A to Z</option>
            <option value="-name">Name, Z to A</option>
            <option value="-updated">Last changed first</option>
            <option value="updated">Last changed last</option>
          </select>
        </label>
      </div>
      {filter.folder !== null && (
        <button type="button" className="chip removable" onClick={() => onChange({ folder: null })}>
          in {filter.folder}
          <span aria-hidden="true">×</span>
          <span className="unseen">, show all folders</span>
        </button>
      )}
    </search>
  );
});

interface ChoiceProps {
  name: string;
  value: string | null;
  choices: readonly string[];
  onChange(value: string | null): void;
}

function Choice({ name, value, choices, onChange }: ChoiceProps) {
  return (
    <label className="field">
      <span>{name}</span>
      <select
        value={value ?? ""}
        data-chosen={value !== null}
        onChange={(event) => onChange(event.target.value || null)}
      >
        <option value="">any</option>
        {choices.map((choice) => (
          <option key={choice}>{choice}</option>
        ))}
      </select>
    </label>
  );
}

/** As they are in use in the project, and the chosen one wherever it came from. */
function useChoices(key: string, chosen: string | null, load: () => Promise<string[]>): string[] {
  const { value, reload, took } = useLoaded(key, load);
  useHeardCalmly(reload, took);
  return useMemo(() => {
    const choices = value ?? [];
    return chosen === null || choices.includes(chosen) ? choices : [...choices, chosen];
  }, [value, chosen]);
}

/** `/` goes to the field, unless one is writing. */
function useSlashKey(field: React.RefObject<HTMLInputElement | null>): void {
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      const writing = event.target instanceof Element && event.target.closest("input, textarea, select, dialog");
      if (event.key !== "/" || writing || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      field.current?.focus();
    };
    addEventListener("keydown", listen);
    return () => removeEventListener("keydown", listen);
  }, [field]);
}
