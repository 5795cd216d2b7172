/** Where a user is signed in, for operators. */
import { useId, useState } from "react";
import type { Session } from "../../sdk/index.ts";
import { clientOf } from "../calls.ts";
import { useWritesRefused } from "../connection.ts";
import { useDeed } from "../deed.ts";
import { useLookedAgain } from "../looked-again.ts";
import { ConfirmForm } from "./confirm.tsx";
import { NotCurrent, useKnown } from "./known.tsx";
import { nameOf, SessionList } from "./sessions.tsx";

export function UserSessions({ username }: { username: string }) {
  const id = useId();
  const refused = useWritesRefused();
  const client = clientOf(null);
  const known = useKnown(`sessions of ${username}`, () => client.listUserSessions(username));
  useLookedAgain(known);
  const [ending, setEnding] = useState<Session | "all" | null>(null);
  const deed = useDeed();
  const sessions = known.value?.value.items ?? [];
  const end = async () => {
    const done = await deed.attempt(async () => {
      if (ending === "all") await client.endUserSessions(username);
      else if (ending) await client.endUserSession(username, ending.id);
    });
    if (!done) return;
    setEnding(null);
    known.reload();
  };
  if (ending) {
    const which = ending === "all" ? "All sessions of" : `The session on ${nameOf(ending)} of`;
    return (
      <ConfirmForm
        verb={ending === "all" ? "End all" : "End it"}
        deed={deed}
        onConfirm={end}
        onClose={() => setEnding(null)}
      >
        <p>
          {which} {username} end{ending === "all" ? "" : "s"} at once; what was not saved stays in that browser. Signing
          in again is possible.
        </p>
      </ConfirmForm>
    );
  }
  return (
    <section aria-labelledby={id} className="stack">
      <div className="card-head">
        <h3 id={id}>Sessions</h3>
        {sessions.length > 1 && (
          <button type="button" disabled={refused !== null} onClick={() => setEnding("all")}>
            End all
          </button>
        )}
      </div>
      <NotCurrent known={known} what="The sessions" />
      {known.value && sessions.length === 0 && <p className="hint">Signed in nowhere.</p>}
      {sessions.length > 0 && <SessionList sessions={sessions} refused={refused} onEnd={setEnding} />}
    </section>
  );
}
