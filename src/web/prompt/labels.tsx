/** The labels of a prompt: where each is, since when and by whom; moving one, and taking it back. */
import { useId, useState } from "react";
import type { LabelPosition, List, PromptlibError, VersionSummary } from "../../sdk/index.ts";
import { clientOf, type Loaded, noteFailure } from "../calls.ts";
import { useWritesRefused } from "../connection.ts";
import { useIsHere } from "../deed.ts";
import { LabelChip } from "../shell/chips.tsx";
import { Failure, isToldByBanner } from "../shell/failure.tsx";
import { say } from "../shell/notices.tsx";
import type { Access } from "../shell/page.tsx";
import { When } from "../shell/when.tsx";
import { MoveLabel } from "./move-label.tsx";
import { personOf } from "./person.ts";
import { useProtectedLabels } from "./protected-labels.ts";

/** `label` "" is one that is yet to be named. `to`: the version that it was dropped on. */
export interface Moving {
  label: string;
  to: number | null;
}

interface LabelsProps {
  access: Access;
  name: string;
  /** The version that is looked at: what a label is moved to unless one chooses another. */
  shown: number;
  labels: Loaded<List<LabelPosition>>;
  versions: readonly VersionSummary[];
  /** What is being moved: the dialog is open. */
  moving: Moving | null;
  onMoving(moving: Moving | null): void;
  /** Something was moved. */
  onMoved(): void;
}

export function Labels(props: LabelsProps) {
  const { access, name, shown, labels, versions, moving, onMoving, onMoved } = props;
  const id = useId();
  const refused = useWritesRefused();
  const protectedLabels = useProtectedLabels(access.project);
  const positions = labels.value?.items.filter(({ label }) => label !== "latest") ?? [];
  const deed = useDeed(access.project, name, onMoved);
  const on = (label: string) => positions.find((one) => one.label === label)?.version ?? null;
  const off = !access.mayEdit || refused !== null;
  return (
    <section className="card" aria-labelledby={id}>
      <div className="card-head">
        <h2 id={id}>Labels</h2>
        {access.mayEdit && (
          <button type="button" disabled={off} onClick={() => onMoving({ label: "", to: null })}>
            Add a label
          </button>
        )}
      </div>
      {access.mayEdit && refused !== null && <p className="hint">{refused}</p>}
      {labels.error && (
        <Failure
          error={labels.error}
          what={labels.value ? "As it was last known." : "The labels cannot be shown now."}
        />
      )}
      {deed.error && <Failure error={deed.error} what="The label was not moved." />}
      {labels.value && positions.length === 0 && (
        <p className="hint">
          None yet. A label such as <code>production</code> says which version applications fetch.
        </p>
      )}
      {positions.length > 0 && (
        <ul className="labels">
          {positions.map(({ label, version, movedAt, movedBy }) => (
            <li key={label}>
              <LabelChip
                label={label}
                version={version}
                isNewest={version === versions[0]?.version}
                isDraggable={!off}
              />
              {protectedLabels?.has(label) && <small>protected</small>}
              <span className="label-who">
                <bdi>{personOf(movedBy)}</bdi>, <When at={movedAt} />
              </span>
              {access.mayEdit && (
                <button
                  type="button"
                  disabled={off}
                  aria-label={`Move ${label}`}
                  onClick={() => onMoving({ label, to: null })}
                >
                  Move
                </button>
              )}
            </li>
          ))}
        </ul>
      )}
      {moving !== null && (
        <MoveLabel
          label={moving.label}
          on={on(moving.label)}
          suggested={moving.to ?? shown}
          versions={versions}
          protectedLabels={protectedLabels}
          mayAdmin={access.mayAdmin}
          onClose={() => onMoving(null)}
          onMove={(label, version) => {
            onMoving(null);
            void deed.move(label, version, on(label));
          }}
          onRemove={(label) => {
            onMoving(null);
            void deed.remove(label, on(label));
          }}
        />
      )}
    </section>
  );
}

function useDeed(project: string, name: string, onMoved: () => void) {
  const [error, setError] = useState<PromptlibError | null>(null);
  const isHere = useIsHere();
  const attempt = async (deed: () => Promise<void>) => {
    setError(null);
    try {
      await deed();
    } catch (problem) {
      const failed = noteFailure(problem);
      if (isHere()) setError(failed);
      else say(`The label of ${name} was not moved. ${failed.message}`);
    }
    onMoved();
  };
  const client = clientOf(project);
  /**
   * Only what was moved here is taken back: if somebody moved it on meanwhile, the server refuses. null: taken off. Who
   * takes it back may be on another page by now, so what came of it is said where that was pressed.
   */
  const undo = async (label: string, version: number | null) => {
    try {
      const undone = await client.undoLabel(name, label, version);
      say(
        undone.version === null
          ? `${label} is on no version again.`
          : `${label} is on version ${undone.version} again.`,
      );
    } catch (problem) {
      const failed = noteFailure(problem);
      const again = { name: "Undo", run: () => void undo(label, version) };
      say(`Moving ${label} of ${name} back failed. ${failed.message}`, isToldByBanner(failed) ? again : null);
    }
    onMoved();
  };
  const move = (label: string, version: number, from: number | null) =>
    attempt(async () => {
      await client.moveLabel(name, label, version);
      const text = `${label} is on version ${version}${from === null ? "" : `; it was on version ${from}`}.`;
      say(text, { name: "Undo", run: () => void undo(label, version) });
    });
  const remove = (label: string, from: number | null) =>
    attempt(async () => {
      await client.removeLabel(name, label);
      const text = `${label} is on no version; it was on version ${from}.`;
      say(text, { name: "Undo", run: () => void undo(label, null) });
    });
  return { error, move, remove };
}
