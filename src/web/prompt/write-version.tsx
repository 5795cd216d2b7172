/** Writing the next version: the editor, why it is made, and saving it. */
import { type FormEvent, useId } from "react";
import type { PromptlibError, SavedPrompt } from "../../sdk/index.ts";
import { useWritesRefused } from "../connection.ts";
import { Failure, isToldByBanner } from "../shell/failure.tsx";
import { Conflict } from "./conflict.tsx";
import type { Draft } from "./draft.ts";
import { type Drafting, THROWN_AWAY } from "./drafting.ts";
import { contentFault, Editor } from "./editor.tsx";
import { halfTypedFault } from "./half-typed.ts";

interface WriteVersionProps {
  drafting: Drafting;
  draft: Draft;
  project: string;
  name: string;
  /** Why it cannot be saved, besides what is written here. */
  blocked?: string | null;
  onSaved(saved: SavedPrompt): void;
}

export function WriteVersion({ drafting, draft, project, name, blocked = null, onSaved }: WriteVersionProps) {
  const id = useId();
  const refused = useWritesRefused();
  const { error, theirs, saving } = drafting;
  const written = halfTypedFault(draft) ?? contentFault(draft.content);
  const fault = blocked ?? written ?? (theirs ? "First choose what becomes of yours." : refused);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (fault !== null || saving) return;
    const saved = await drafting.save(name);
    if (saved) onSaved(saved);
  };
  return (
    <form className="card" aria-labelledby={id} onSubmit={submit} onKeyDown={saveByKey}>
      <h2 id={id}>{draft.base === null ? "What it says" : `After version ${draft.base}`}</h2>
      {theirs && (
        <Conflict
          theirs={theirs}
          draft={draft}
          onGoOn={drafting.goOn}
          onTake={() => drafting.throwAway("Yours was dropped.")}
        />
      )}
      <Editor project={project} content={draft.content} halfTyped={draft.halfTyped} onChange={drafting.change} />
      <label className="field">
        <span>Why this version?</span>
        <input
          value={draft.message}
          maxLength={2000}
          dir="auto"
          placeholder="Shorter, friendlier, …"
          onChange={(event) => drafting.change({ message: event.target.value })}
        />
      </label>
      {error && !theirs && <NotSaved error={error} />}
      {!drafting.isKept && <p className="note">This browser keeps nothing: a reload would lose what you write here.</p>}
      <div className="buttons">
        <button type="submit" className="primary" disabled={fault !== null || saving} aria-describedby={`${id}-why`}>
          {saving ? "Saving …" : draft.base === null ? "Save" : `Save version ${draft.base + 1}`}
        </button>
        <button type="button" onClick={() => drafting.throwAway(THROWN_AWAY)} disabled={saving}>
          Throw away
        </button>
        <span id={`${id}-why`} className="hint">
          {fault ?? ""}
        </span>
      </div>
    </form>
  );
}

function NotSaved({ error }: { error: PromptlibError }) {
  const hint = hintFor(error);
  const isAway = isToldByBanner(error);
  return <Failure error={error} what={isAway ? `Not saved. ${hint}` : "Not saved."} hint={hint} />;
}

/** Ctrl-S and Ctrl-Enter save, as everywhere. */
function saveByKey(event: React.KeyboardEvent<HTMLFormElement>): void {
  if (!(event.ctrlKey || event.metaKey) || (event.key !== "s" && event.key !== "Enter")) return;
  event.preventDefault();
  event.currentTarget.requestSubmit();
}

function hintFor({ code, hint }: PromptlibError): string {
  switch (code) {
    case "server_unreachable":
    case "database_unavailable":
    case "maintenance":
      return "What you wrote is kept in this browser. Save again when this page says that all is back.";
    case "write_outcome_unknown":
      return "Save again: if it was saved, that makes no second version.";
    case "version_conflict":
      return "What you wrote is kept in this browser. Reload the page to see what was saved meanwhile.";
    default:
      return hint;
  }
}
