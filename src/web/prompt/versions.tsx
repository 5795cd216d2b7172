/** The versions of a prompt, newest first: who made each when and why, and which labels are on it. */
import { useId } from "react";
import { Link } from "../navigation.tsx";
import { LABEL_TYPE, LabelChip } from "../shell/chips.tsx";
import { Failure } from "../shell/failure.tsx";
import { When } from "../shell/when.tsx";
import { personOf } from "./person.ts";
import type { LoadedVersions } from "./version-list.ts";

interface VersionsProps {
  name: string;
  /** Which one is looked at. */
  shown: number;
  versions: LoadedVersions;
  /** A label was dropped on one; null: labels cannot be moved. */
  onLabel: ((label: string, version: number) => void) | null;
}

export function Versions({ name, shown, versions: { value, error, loading, older }, onLabel }: VersionsProps) {
  const id = useId();
  return (
    <section className="card" aria-labelledby={id}>
      <h2 id={id}>Versions</h2>
      {error && <Failure error={error} what={value ? "As it was last known." : "The versions cannot be shown now."} />}
      {!value && !error && <p className="hint">Loading …</p>}
      <ol className="versions">
        {value?.items.map((version) => (
          <li
            key={version.version}
            aria-current={version.version === shown ? "true" : undefined}
            onDragOver={(event) => {
              if (onLabel && event.dataTransfer.types.includes(LABEL_TYPE)) event.preventDefault();
            }}
            onDrop={(event) => {
              event.preventDefault();
              const label = event.dataTransfer.getData(LABEL_TYPE);
              if (label !== "" && version.redactedAt === null) onLabel?.(label, version.version);
            }}
          >
            <Link
              to={{ at: "prompt", name, version: version.version === value.items[0]?.version ? null : version.version }}
            >
              Version {version.version}
            </Link>
            <span className="version-labels">
              {version.labels.map((label) => (
                <LabelChip key={label} label={label} isDraggable={onLabel !== null && label !== "latest"} />
              ))}
            </span>
            {version.version !== shown && version.redactedAt === null && (
              <Link
                className="version-compare"
                to={{
                  at: "prompt",
                  name,
                  version: shown === value.items[0]?.version ? null : shown,
                  against: version.version,
                }}
                aria-label={`Compare version ${version.version} with version ${shown}`}
              >
                Compare
              </Link>
            )}
            <span className="version-who">
              <bdi>{personOf(version.author)}</bdi>, <When at={version.createdAt} />
            </span>
            {version.redactedAt !== null ? (
              <p className="version-why">Redacted: what it said is gone.</p>
            ) : (
              version.message !== "" && (
                <p className="version-why">
                  <bdi>{version.message}</bdi>
                </p>
              )
            )}
          </li>
        ))}
      </ol>
      {value?.nextCursor && (
        <div className="buttons">
          <button type="button" disabled={loading} onClick={older}>
            {loading ? "Loading …" : "Show older ones"}
          </button>
          <p className="hint">The {value.items.length} newest are shown.</p>
        </div>
      )}
    </section>
  );
}
