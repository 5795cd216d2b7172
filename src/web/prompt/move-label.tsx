import { type FormEvent, useId, useState } from "react";
import type { VersionSummary } from "../../sdk/index.ts";
import { Dialog, DialogButtons } from "../shell/dialog.tsx";
import { When } from "../shell/when.tsx";
import { LABEL_INPUT } from "./label-input.ts";
import { personOf } from "./person.ts";

interface MoveLabelProps {
  /** "" asks for a name, too. */
  label: string;
  /** The version that it is on; null: on none. */
  on: number | null;
  suggested: number;
  versions: readonly VersionSummary[];
  /** null: not known. */
  protectedLabels: ReadonlySet<string> | null;
  mayAdmin: boolean;
  onMove(label: string, version: number): void;
  /** It is on no version any more. */
  onRemove(label: string): void;
  onClose(): void;
}

const COMMON = ["production", "staging"];

export function MoveLabel(props: MoveLabelProps) {
  const { label, on, suggested, versions, onMove, onClose } = props;
  const id = useId();
  const [name, setName] = useState(label);
  const [version, setVersion] = useState(suggested === on ? (versions[0]?.version ?? suggested) : suggested);
  const [confirmed, setConfirmed] = useState<string | null>(null);
  const isRefused = props.protectedLabels?.has(name) === true && !props.mayAdmin;
  const question = isRefused ? null : questionOf(name, props.protectedLabels);
  const isHeld = isRefused || confirmed !== question;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onMove(name, version);
  };
  return (
    <Dialog title={label === "" ? "Add a label" : `Move ${label}`} onClose={onClose}>
      <form onSubmit={submit} className="stack">
        {label === "" && (
          <label className="field">
            <span>Name</span>
            <input value={name} required {...LABEL_INPUT} list={id} onChange={(event) => setName(event.target.value)} />
            <datalist id={id}>
              {COMMON.map((common) => (
                <option key={common} value={common} />
              ))}
            </datalist>
          </label>
        )}
        <fieldset className="choose-version">
          <legend>To which version?</legend>
          {versions.map((one) => (
            <label key={one.version}>
              <input
                type="radio"
                name="version"
                checked={version === one.version}
                disabled={one.redactedAt !== null}
                onChange={() => setVersion(one.version)}
              />
              <span>
                <strong>Version {one.version}</strong>
                {one.version === on && " (where it is)"}{" "}
                <small>
                  <bdi>{personOf(one.author)}</bdi>, <When at={one.createdAt} />
                </small>
                {one.message !== "" && (
                  <small className="version-why">
                    <bdi>{one.message}</bdi>
                  </small>
                )}
              </span>
            </label>
          ))}
        </fieldset>
        {isRefused && <p className="note">{name} is protected: moving it needs the role admin.</p>}
        {question !== null && (
          <label className="check note">
            <input
              type="checkbox"
              checked={confirmed === question}
              onChange={(event) => setConfirmed(event.target.checked ? question : null)}
            />
            <span>{question}</span>
          </label>
        )}
        <DialogButtons disabled={version === on || isHeld} onClose={onClose}>
          {name === "" ? "Add" : `Put ${name} on version ${version}`}
        </DialogButtons>
        {on !== null && (
          <p>
            <button type="button" className="link" disabled={isHeld} onClick={() => props.onRemove(name)}>
              Take {name} off this prompt
            </button>
          </p>
        )}
      </form>
    </Dialog>
  );
}

/** What has to be confirmed; null: nothing. Who confirmed that it is not known did not confirm that it is protected. */
function questionOf(name: string, protectedLabels: ReadonlySet<string> | null): string | null {
  if (name === "") return null;
  if (protectedLabels === null)
    return `It is not known now which labels are protected: applications may rely on ${name}. Yes, move it.`;
  return protectedLabels.has(name) ? `${name} is protected: applications rely on it. Yes, move it.` : null;
}
