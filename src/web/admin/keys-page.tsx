/** The API keys of the project: what applications fetch prompts with. For its admins. */
import { useState } from "react";
import type { ApiKey } from "../../sdk/index.ts";
import { clientOf } from "../calls.ts";
import { useWritesRefused } from "../connection.ts";
import { useDeed } from "../deed.ts";
import { useLookedAgain } from "../looked-again.ts";
import { say } from "../shell/notices.tsx";
import { type Access, type RoomProps, useTitle } from "../shell/page.tsx";
import { Confirm } from "./confirm.tsx";
import { KeyRow } from "./key-row.tsx";
import { isOver, keyState } from "./key-state.ts";
import { NotCurrent, useKnown } from "./known.tsx";
import { NewKey } from "./new-key.tsx";
import { forAdmins, NotYours } from "./not-yours.tsx";
import { RotateKey } from "./rotate-key.tsx";

export default function KeysPage({ access }: RoomProps) {
  if (!access?.mayAdmin) return <NotYours title="API keys" needs={forAdmins(access?.project ?? null)} />;
  return <Keys key={access.project} access={access} />;
}

type Open = { what: "new" } | { what: "rotate" | "revoke"; key: ApiKey };

function Keys({ access: { project } }: { access: Access }) {
  useTitle(`API keys of ${project}`);
  const refused = useWritesRefused();
  const known = useKnown(`keys ${project}`, () => clientOf(project).listKeys());
  useLookedAgain(known);
  const [open, setOpen] = useState<Open | null>(null);
  const keys = known.value?.value.items.toReversed() ?? [];
  const now = Date.now();
  const over = keys.filter((key) => isOver(keyState(key, now)));
  const alive = keys.filter((key) => !over.includes(key));
  const close = () => setOpen(null);
  return (
    <>
      <div className="page-head">
        <div>
          <h1 tabIndex={-1}>API keys</h1>
          <p className="hint">
            What applications fetch the prompts of <bdi>{project}</bdi> with. A key belongs to the project, not to who
            made it.
          </p>
        </div>
        <button type="button" className="primary" disabled={refused !== null} onClick={() => setOpen({ what: "new" })}>
          Create a key
        </button>
      </div>
      {refused !== null && <p className="hint">{refused}</p>}
      <NotCurrent known={known} what="The keys" />
      {known.value && keys.length === 0 && (
        <section className="empty">
          <h2>No keys yet</h2>
          <p>An application that fetches prompts needs one. It is shown once, when it is made.</p>
        </section>
      )}
      {alive.length > 0 && (
        <ul className="things" aria-label="Keys that work">
          {alive.map((key) => (
            <KeyRow key={key.id} apiKey={key} now={now} refused={refused} onOpen={(what) => setOpen({ what, key })} />
          ))}
        </ul>
      )}
      {over.length > 0 && (
        <details className="over">
          <summary>
            {over.length} {over.length === 1 ? "key that has ended" : "keys that have ended"}
          </summary>
          <ul className="things" aria-label="Keys that have ended">
            {over.map((key) => (
              <KeyRow key={key.id} apiKey={key} now={now} refused={refused} />
            ))}
          </ul>
        </details>
      )}
      {open?.what === "new" && <NewKey project={project} onMade={known.reload} onClose={close} />}
      {open?.what === "rotate" && <RotateKey project={project} old={open.key} onMade={known.reload} onClose={close} />}
      {open?.what === "revoke" && <Revoke project={project} apiKey={open.key} onDone={known.reload} onClose={close} />}
    </>
  );
}

interface RevokeProps {
  project: string;
  apiKey: ApiKey;
  onDone(): void;
  onClose(): void;
}

function Revoke({ project, apiKey: { id, name, lastUsedAt }, onDone, onClose }: RevokeProps) {
  const deed = useDeed();
  const revoke = async () => {
    const done = await deed.attempt(async () => {
      await clientOf(project).revokeKey(id);
    });
    if (!done) return;
    say(`The key ${name} works no more.`);
    onDone();
    onClose();
  };
  return (
    <Confirm title={`Revoke ${name}?`} verb="Revoke for ever" deed={deed} onConfirm={revoke} onClose={onClose}>
      <p>
        The key <code>{id}</code> works no more, within a second on every server, and for ever. Applications that use it
        are refused.{" "}
        {lastUsedAt === null ? "It was never used." : "It has been used: rotate it if something still needs it."}
      </p>
    </Confirm>
  );
}
