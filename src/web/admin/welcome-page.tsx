/** The first minutes: prompts into the library, a key for the first application, and where backups go. */

import { useState } from "react";
import { clientOf } from "../calls.ts";
import { Link } from "../navigation.tsx";
import { type Access, type RoomProps, useTitle } from "../shell/page.tsx";
import { FirstKey } from "./first-key.tsx";
import { FirstPrompts } from "./first-prompts.tsx";
import { useKnown } from "./known.tsx";
import { forAdmins, NotYours } from "./not-yours.tsx";

export default function WelcomePage({ access, identity }: RoomProps) {
  if (!access?.mayAdmin) return <NotYours title="Welcome" needs={forAdmins(access?.project ?? null)} />;
  return <Welcome key={access.project} access={access} isOperator={identity.operator} />;
}

function Welcome({ access: { project }, isOperator }: { access: Access; isOperator: boolean }) {
  useTitle("Welcome");
  const known = useKnown(`welcome ${project}`, () => clientOf(project).listPrompts({ limit: 1, label: "production" }));
  const [saved, setSaved] = useState<string | null>(null);
  const name = saved ?? known.value?.value.items[0]?.name ?? null;
  return (
    <div className="welcome">
      <div className="page-head">
        <div>
          <h1 tabIndex={-1}>Welcome to your library</h1>
          <p className="hint">Three steps to the first prompt in an application. Leave out what you do not need now.</p>
        </div>
      </div>
      <ol className="steps">
        <FirstPrompts project={project} isDone={name !== null} onSaved={(next) => setSaved(next)} />
        <FirstKey project={project} prompt={name} />
        {isOperator && <Backups />}
      </ol>
    </div>
  );
}

function Backups() {
  return (
    <li className="card stack step">
      <h2>See where backups go</h2>
      <p>
        The library backs itself up without being told: once at the start, then again and again, and every change within
        a second. Until a copy is elsewhere than on this machine, losing the machine loses everything.
      </p>
      <div className="buttons">
        <Link className="button" to={{ at: "room", room: "recovery", query: {} }}>
          See the backups
        </Link>
      </div>
    </li>
  );
}
