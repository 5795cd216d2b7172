/** What is one’s own: the password, and where one is signed in. */
import { useId, useState } from "react";
import type { Session } from "../../sdk/index.ts";
import { clientOf } from "../calls.ts";
import { useWritesRefused } from "../connection.ts";
import { useDeed } from "../deed.ts";
import { useLookedAgain } from "../looked-again.ts";
import { say } from "../shell/notices.tsx";
import { type RoomProps, useTitle } from "../shell/page.tsx";
import { Confirm } from "./confirm.tsx";
import { NotCurrent, useKnown } from "./known.tsx";
import { OwnPassword } from "./own-password.tsx";
import { nameOf, SessionList } from "./sessions.tsx";

export default function ProfilePage({ identity }: RoomProps) {
  useTitle("Profile");
  const [changes, setChanges] = useState(0);
  const roles = Object.entries(identity.projects).map(([project, role]) => `${role} in ${project}`);
  return (
    <>
      <div className="page-head">
        <div>
          <h1 tabIndex={-1}>
            <bdi>{identity.name}</bdi>
          </h1>
          <p className="hint">
            {identity.operator ? "Operator of the library. " : ""}
            {roles.length === 0 ? "In no project." : `${roles.join(", ")}.`}
          </p>
        </div>
      </div>
      <div className="halves">
        <OwnPassword username={identity.name} onChanged={() => setChanges((count) => count + 1)} />
        <OwnSessions key={changes} />
      </div>
    </>
  );
}

function OwnSessions() {
  const id = useId();
  const refused = useWritesRefused();
  const client = clientOf(null);
  const known = useKnown("own sessions", () => client.listSessions());
  useLookedAgain(known);
  const [ending, setEnding] = useState<readonly Session[] | null>(null);
  const deed = useDeed();
  const sessions = known.value?.value.items ?? [];
  const others = sessions.filter(({ current }) => !current);
  const end = async () => {
    const done = await deed.attempt(async () => {
      for (const session of ending ?? []) await client.endSession(session.id);
    });
    known.reload();
    if (!done) return;
    say(ending?.length === 1 ? "The session has ended." : "All other sessions have ended.");
    setEnding(null);
  };
  return (
    <section className="card stack" aria-labelledby={id}>
      <div className="card-head">
        <h2 id={id}>Where you are signed in</h2>
        {others.length > 1 && (
          <button type="button" disabled={refused !== null} onClick={() => setEnding(others)}>
            End all others
          </button>
        )}
      </div>
      <p className="hint">
        A session lasts 12 hours. Is there one that you do not know? End it and change your password.
      </p>
      {refused !== null && others.length > 0 && <p className="hint">{refused}</p>}
      <NotCurrent known={known} what="The sessions" />
      {sessions.length > 0 && (
        <SessionList sessions={sessions} refused={refused} onEnd={(session) => setEnding([session])} />
      )}
      {ending && (
        <Confirm
          title={ending.length === 1 ? "End this session?" : `End ${ending.length} sessions?`}
          verb="End it"
          deed={deed}
          onConfirm={end}
          onClose={() => setEnding(null)}
        >
          <p>
            {ending.length === 1 && ending[0] ? <bdi>{nameOf(ending[0])}</bdi> : "Every browser but this one"} is asked
            to sign in again. What was not saved there stays in that browser.
          </p>
        </Confirm>
      )}
    </section>
  );
}
