/** Purging cannot be taken back: it says what goes, and is confirmed. */
import { type FormEvent, useState } from "react";
import type { TrashedPrompt } from "../../sdk/index.ts";
import { clientOf } from "../calls.ts";
import { useDeed } from "../deed.ts";
import { day } from "../shell/dates.ts";
import { Dialog } from "../shell/dialog.tsx";
import { Failure } from "../shell/failure.tsx";
import { say } from "../shell/notices.tsx";

interface PurgeProps {
  prompt: TrashedPrompt;
  onClose(): void;
  onDone(): void;
}

export function Purge({ prompt: { project, id, name, newest }, onClose, onDone }: PurgeProps) {
  const [isSure, setSure] = useState(false);
  const { busy, error, attempt } = useDeed();
  const purge = async () => {
    const { heldByBackupsUntil } = await clientOf(project).purgePrompt(id);
    const until =
      heldByBackupsUntil === null
        ? "for as long as those from before are kept"
        : `until ${day.format(Date.parse(heldByBackupsUntil))}`;
    say(`${name} is purged. Backups still have it ${until}.`);
    onDone();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void attempt(purge);
  };
  return (
    <Dialog title={`Purge ${name}`} isHeld={busy} onClose={onClose}>
      <form className="stack" onSubmit={submit}>
        <p>
          <bdi>{name}</bdi> goes for good, with {newest === 1 ? "its version" : `all its ${newest} versions`}, labels
          and their history. Nobody can bring it back from here.
        </p>
        <label className="check note">
          <input type="checkbox" checked={isSure} onChange={(event) => setSure(event.target.checked)} />
          <span>Yes, it shall be gone.</span>
        </label>
        {error && <Failure error={error} what="Not purged." />}
        <div className="buttons">
          <button type="submit" className="danger" disabled={!isSure || busy}>
            {busy ? "Purging …" : "Purge it"}
          </button>
          <button type="button" disabled={busy} onClick={onClose}>
            Leave it
          </button>
        </div>
      </form>
    </Dialog>
  );
}
