import { type FormEvent, useId, useState } from "react";
import type { VersionSummary } from "../../sdk/index.ts";
import { Dialog, DialogButtons } from "../shell/dialog.tsx";
import { When } from "../shell/when.tsx";
import { personOf } from "./versions.tsx";

interface MoveLabelProps {
  /** "" asks for a name, too. */
  label: string;
  /** The version that it is on; null: on none. */
  on: number | null;
  suggested: number;
  versions: readonly VersionSummary[];
  onMove(label: string, version: number): void;
  onClose(): void;
}

const COMMON = ["production", "staging"];

export function MoveLabel({ label, on, suggested, versions, onMove, onClose }: MoveLabelProps) {
  const id = useId();
  const [name, setName] = useState(label);
  const [version, setVersion] = useState(suggested === on ? (versions[0]?.version ?? suggested) : suggested);
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
            <input
              value={name}
              required
              pattern="[a-z0-9][a-z0-9._\-]{0,35}"
              title="1 to 36 of a-z 0-9 . _ - , beginning with a letter or digit"
              list={id}
              autoCapitalize="none"
              autoComplete="off"
              spellCheck={false}
              onChange={(event) => setName(event.target.value)}
            />
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
        <DialogButtons disabled={version === on} onClose={onClose}>
          {name === "" ? "Add" : `Put ${name} on version ${version}`}
        </DialogButtons>
      </form>
    </Dialog>
  );
}
