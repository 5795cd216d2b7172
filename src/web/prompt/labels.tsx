/** The labels of a prompt: where each is, since when and by whom; moving one, and taking it back. */
import { useId, useState } from "react";
import type { LabelPosition, List, PromptlibError, VersionSummary } from "../../sdk/index.ts";
import { clientOf, type Loaded, noteFailure } from "../calls.ts";
import { useWritesRefused } from "../connection.ts";
import { LabelChip } from "../shell/chips.tsx";
import { Failure } from "../shell/failure.tsx";
import { say } from "../shell/notices.tsx";
import type { Access } from "../shell/page.tsx";
import { When } from "../shell/when.tsx";
import { MoveLabel } from "./move-label.tsx";
import { personOf } from "./versions.tsx";

interface LabelsProps {
  access: Access;
  name: string;
  /** The version that is looked at: what a label is moved to unless one chooses another. */
  shown: number;
  labels: Loaded<List<LabelPosition>>;
  versions: readonly VersionSummary[];
  /** Something was moved. */
  onMoved(): void;
}

export function Labels({ access, name, shown, labels, versions, onMoved }: LabelsProps) {
  const id = useId();
  const refused = useWritesRefused();
  /** "" is a label that is yet to be named. */
  const [moving, setMoving] = useState<string | null>(null);
  const positions = labels.value?.items.filter(({ label }) => label !== "latest") ?? [];
  const deed = useDeed(access.project, name, onMoved);
  const off = !access.mayEdit || refused !== null;
  const why = access.mayEdit ? (refused ?? undefined) : "You may read here; moving labels needs the role editor.";
  return (
    <section className="card" aria-labelledby={id}>
      <div className="card-head">
        <h2 id={id}>Labels</h2>
        {access.mayEdit && (
          <button type="button" disabled={off} title={why} onClick={() => setMoving("")}>
            Add a label
          </button>
        )}
      </div>
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
              <LabelChip label={label} version={version} isNewest={version === versions[0]?.version} />
              <span className="label-who">
                <bdi>{personOf(movedBy)}</bdi>, <When at={movedAt} />
              </span>
              {access.mayEdit && (
                <button
                  type="button"
                  disabled={off}
                  title={why}
                  aria-label={`Move ${label}`}
                  onClick={() => setMoving(label)}
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
          label={moving}
          on={positions.find(({ label }) => label === moving)?.version ?? null}
          suggested={shown}
          versions={versions}
          onClose={() => setMoving(null)}
          onMove={async (label, version) => {
            setMoving(null);
            await deed.move(label, version, positions.find((one) => one.label === label)?.version ?? null);
          }}
        />
      )}
    </section>
  );
}

function useDeed(project: string, name: string, onMoved: () => void) {
  const [error, setError] = useState<PromptlibError | null>(null);
  const attempt = async (deed: () => Promise<void>) => {
    setError(null);
    try {
      await deed();
    } catch (problem) {
      setError(noteFailure(problem));
    }
    onMoved();
  };
  const client = clientOf(project);
  /** Only what was moved here is taken back: if somebody moved it on meanwhile, the server refuses. */
  const undo = (label: string, version: number) =>
    attempt(async () => {
      const undone = await client.undoLabel(name, label, version);
      say(
        undone.version === null
          ? `${label} is on no version again.`
          : `${label} is on version ${undone.version} again.`,
      );
    });
  const move = (label: string, version: number, from: number | null) =>
    attempt(async () => {
      await client.moveLabel(name, label, version);
      const text = `${label} is on version ${version}${from === null ? "" : `; it was on version ${from}`}.`;
      say(text, { name: "Undo", run: () => void undo(label, version) });
    });
  return { error, move };
}
