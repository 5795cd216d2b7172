/** A new key in the place of one, which works on for a while, so that no application is ever refused. */
import { type FormEvent, useState } from "react";
import type { ApiKey, RotatedKey } from "../../sdk/index.ts";
import { clientOf } from "../calls.ts";
import { useWritesRefused } from "../connection.ts";
import { useDeed } from "../deed.ts";
import { Dialog, DialogButtons } from "../shell/dialog.tsx";
import { Failure } from "../shell/failure.tsx";
import { When } from "../shell/when.tsx";
import { SecretShown } from "./secret-shown.tsx";

const HOUR = 3600;
const OVERLAPS: readonly [string, number][] = [
  ["24 hours", 24 * HOUR],
  ["7 days", 7 * 24 * HOUR],
  ["30 days", 30 * 24 * HOUR],
  ["90 days", 90 * 24 * HOUR],
  ["1 hour", HOUR],
  ["not at all: revoked at once", 0],
];

interface RotateKeyProps {
  project: string;
  old: ApiKey;
  onMade(): void;
  onClose(): void;
}

export function RotateKey({ project, old, onMade, onClose }: RotateKeyProps) {
  const [made, setMade] = useState<RotatedKey | null>(null);
  const [overlap, setOverlap] = useState(24 * HOUR);
  const refused = useWritesRefused();
  const deed = useDeed();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    return deed.attempt(async () => {
      setMade(await clientOf(project).rotateKey(old.id, { overlapSeconds: overlap }));
      onMade();
    });
  };
  if (made) {
    return (
      <Dialog title={`The new key ${made.name}`} onClose={onClose}>
        <SecretShown name="New API key" secret={made.key} onClose={onClose}>
          <OldKey old={made.replaces} />
        </SecretShown>
      </Dialog>
    );
  }
  return (
    <Dialog title={`Rotate ${old.name}`} isHeld={deed.busy} onClose={onClose}>
      <form className="stack" onSubmit={submit}>
        <p>
          A new key with the same name and scopes is made and shown once. Give it to the application, meanwhile the old
          one works on.
        </p>
        <label className="field">
          <span>The old key works on for</span>
          <select value={overlap} onChange={(event) => setOverlap(Number(event.target.value))}>
            {OVERLAPS.map(([name, seconds]) => (
              <option key={seconds} value={seconds}>
                {name}
              </option>
            ))}
          </select>
        </label>
        {overlap === 0 && (
          <p className="note">Applications that use the old key are refused until they have the new one.</p>
        )}
        {deed.error && <Failure error={deed.error} what="Nothing was changed." />}
        {refused !== null && <p className="hint">{refused}</p>}
        <DialogButtons disabled={deed.busy || refused !== null} isHeld={deed.busy} onClose={onClose}>
          Make the new key
        </DialogButtons>
      </form>
    </Dialog>
  );
}

function OldKey({ old: { id, expiresAt, revokedAt } }: { old: ApiKey }) {
  return (
    <p>
      The old key <code>{id}</code>{" "}
      {revokedAt !== null ? (
        "works no more."
      ) : expiresAt === null ? (
        "works on."
      ) : (
        <>
          ends <When at={expiresAt} isPlanned />.
        </>
      )}
    </p>
  );
}
