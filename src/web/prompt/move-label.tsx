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
  protectedLabels: ReadonlySet<string>;
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
  const [isSure, setSure] = useState(false);
  const isProtected = props.protectedLabels.has(name);
  const isRefused = isProtected && !props.mayAdmin;
  const isHeld = isRefused || (isProtected && !isSure);
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
        {isProtected && !isRefused && (
          <label className="check note">
            <input type="checkbox" checked={isSure} onChange={(event) => setSure(event.target.checked)} />
            <span>{name} is protected: applications rely on it. Yes, move it.</span>
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
