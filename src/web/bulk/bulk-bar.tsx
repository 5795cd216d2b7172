/** What can be done to the chosen prompts; there as long as any is chosen. */
import { useState } from "react";
import { useWritesRefused } from "../connection.ts";
import type { Access } from "../shell/page.tsx";
import { BulkDialog, countOf } from "./bulk-dialog.tsx";
import type { Bulk } from "./deeds.ts";
import type { Selection } from "./selection.ts";

const DEEDS: readonly [Bulk["kind"], string][] = [
  ["label", "Label …"],
  ["tag", "Tags …"],
  ["move", "Move to folder …"],
  ["trash", "Trash …"],
];

export function BulkBar({ access, selection, onChanged }: { access: Access; selection: Selection; onChanged(): void }) {
  const [kind, setKind] = useState<Bulk["kind"] | null>(null);
  const refused = useWritesRefused();
  const { chosen, clear } = selection;
  return (
    <>
      <p className="unseen" role="status">
        {chosen.size > 0 && `${countOf(chosen.size)} chosen`}
      </p>
      {chosen.size > 0 && (
        <section className="bulk-bar" aria-label="Chosen prompts">
          <strong>{countOf(chosen.size)} chosen</strong>
          <div className="buttons">
            {DEEDS.map(([each, title]) => (
              <button key={each} type="button" disabled={refused !== null} onClick={() => setKind(each)}>
                {title}
              </button>
            ))}
            <button type="button" className="quiet" onClick={clear}>
              Choose none
            </button>
          </div>
          {refused !== null && <p className="hint">{refused}</p>}
        </section>
      )}
      {kind && (
        <BulkDialog
          access={access}
          kind={kind}
          prompts={[...chosen.values()]}
          onClose={(changed) => {
            setKind(null);
            if (!changed) return;
            clear();
            onChanged();
          }}
        />
      )}
    </>
  );
}
