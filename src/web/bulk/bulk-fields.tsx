/** What is asked before something is done to many prompts. */
import { useId, useMemo } from "react";
import type { PromptSummary } from "../../sdk/index.ts";
import { clientOf, noteSource, useLoaded } from "../calls.ts";
import { isLabelName, LABEL_INPUT } from "../prompt/label-input.ts";
import { useProtectedLabels } from "../prompt/protected-labels.ts";
import { tagsOf } from "../prompt/tags.ts";
import type { Access } from "../shell/page.tsx";
import { type Bulk, folderTyped } from "./deeds.ts";

/** As typed. */
export interface BulkForm {
  label: string;
  from: string;
  add: string;
  remove: string;
  folder: string;
  /** A protected label may be moved. */
  sure: boolean;
}

/** null: something is still missing. */
export function bulkOf(kind: Bulk["kind"], { label, from, add, remove, folder }: BulkForm): Bulk | null {
  switch (kind) {
    case "label":
      return isLabelName(label) && label !== "latest" ? { kind, label, from } : null;
    case "tag": {
      const [added, removed] = [tagsOf(add), tagsOf(remove)];
      return added.length + removed.length > 0 ? { kind, add: added, remove: removed } : null;
    }
    case "move":
      return { kind, folder: folderTyped(folder) };
    case "trash":
      return { kind };
  }
}

interface Protection {
  /** Why it cannot be done; null: it can. */
  blocked: string | null;
  /** What has to be confirmed; null: nothing. */
  confirm: string | null;
}

/** `label` null: whatever the prompts have. */
export function useProtection(
  { project, mayAdmin }: Access,
  label: string | null,
  prompts: readonly PromptSummary[],
): Protection {
  const known = useProtectedLabels(project);
  const touched = useMemo(() => {
    const labels = label === null ? prompts.flatMap((prompt) => Object.keys(prompt.labels)) : [label];
    return [...new Set(labels)].filter((each) => each !== "latest" && (known === null || known.has(each)));
  }, [known, label, prompts]);
  if (touched.length === 0) return { blocked: null, confirm: null };
  if (known === null) return { blocked: "Waits until it is known which labels are protected.", confirm: null };
  const named = touched.join(", ");
  if (label !== null && !mayAdmin)
    return { blocked: `${named} is protected: moving it needs the role admin.`, confirm: null };
  return {
    blocked: null,
    confirm:
      label === null
        ? `Some of these have a protected label (${named}).${mayAdmin ? "" : " Those need the role admin and will be refused."} Go on.`
        : `${named} is protected: applications rely on it. Yes, move it.`,
  };
}

interface BulkFieldsProps {
  access: Access;
  kind: Bulk["kind"];
  prompts: readonly PromptSummary[];
  form: BulkForm;
  onChange(part: Partial<BulkForm>): void;
}

export function BulkFields({ access, kind, prompts, form, onChange }: BulkFieldsProps) {
  if (kind === "label") return <LabelFields prompts={prompts} form={form} onChange={onChange} />;
  if (kind === "move") return <FolderField access={access} form={form} onChange={onChange} />;
  if (kind === "tag") return <TagFields prompts={prompts} form={form} onChange={onChange} />;
  return <p>They can be brought back from the trash. Until then applications that fetch them get an error.</p>;
}

type FieldsProps = Omit<BulkFieldsProps, "access" | "kind">;

function LabelFields({ prompts, form, onChange }: FieldsProps) {
  const id = useId();
  const labels = useMemo(() => [...new Set(prompts.flatMap((prompt) => Object.keys(prompt.labels)))].sort(), [prompts]);
  return (
    <div className="two-fields">
      <label className="field">
        <span>Label</span>
        <input
          value={form.label}
          required
          {...LABEL_INPUT}
          list={id}
          onChange={(event) => onChange({ label: event.target.value, sure: false })}
        />
        <datalist id={id}>
          {[...new Set(["production", "staging", ...labels])]
            .filter((label) => label !== "latest")
            .map((label) => (
              <option key={label} value={label} />
            ))}
        </datalist>
      </label>
      <label className="field">
        <span>On which version of each?</span>
        <select value={form.from} onChange={(event) => onChange({ from: event.target.value })}>
          <option value="latest">the newest</option>
          {labels
            .filter((label) => label !== "latest" && label !== form.label)
            .map((label) => (
              <option key={label} value={label}>
                the one with {label}
              </option>
            ))}
        </select>
      </label>
    </div>
  );
}

function TagFields({ prompts, form, onChange }: FieldsProps) {
  const has = useMemo(() => [...new Set(prompts.flatMap(({ tags }) => tags))].sort(), [prompts]);
  return (
    <>
      <div className="two-fields">
        <label className="field">
          <span>Add, separated by commas</span>
          <input value={form.add} dir="auto" onChange={(event) => onChange({ add: event.target.value })} />
        </label>
        <label className="field">
          <span>Take away, separated by commas</span>
          <input value={form.remove} dir="auto" onChange={(event) => onChange({ remove: event.target.value })} />
        </label>
      </div>
      {has.length > 0 && (
        <p className="hint">
          They have: <bdi>{has.slice(0, 30).join(", ")}</bdi>
          {has.length > 30 && " …"}
        </p>
      )}
    </>
  );
}

function FolderField({ access, form, onChange }: Omit<BulkFieldsProps, "kind" | "prompts">) {
  const id = useId();
  const { value } = useLoaded(JSON.stringify(["folders below", access.project, folderTyped(form.folder)]), async () =>
    noteSource(
      await clientOf(access.project).listFolders({
        limit: 100,
        ...(folderTyped(form.folder) === "" ? {} : { folder: folderTyped(form.folder) }),
      }),
    ),
  );
  return (
    <label className="field">
      <span>Into which folder? (nothing: to the top)</span>
      <input
        value={form.folder}
        dir="auto"
        list={id}
        autoComplete="off"
        spellCheck={false}
        placeholder="mail/german"
        onChange={(event) => onChange({ folder: event.target.value })}
      />
      <datalist id={id}>
        {value?.items.map(({ folder }) => (
          <option key={folder} value={folder} />
        ))}
      </datalist>
    </label>
  );
}
