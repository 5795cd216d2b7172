/** What one wrote in this project and did not save, wherever it was: so that it is found again. */
import { useEffect, useState } from "react";
import { Link } from "../navigation.tsx";
import { draftsOf, listenToDrafts } from "../prompt/draft-shelf.ts";
import { remember } from "../prompt/drafting.ts";
import type { Access } from "../shell/page.tsx";
import { When } from "../shell/when.tsx";

const SHOWN = 5;

export function Unsaved({ access: { user, project } }: { access: Access }) {
  const [drafts, setDrafts] = useState(() => draftsOf(localStorage, user, project));
  useEffect(() => {
    const look = () => setDrafts(draftsOf(localStorage, user, project));
    look();
    return listenToDrafts(look);
  }, [user, project]);
  if (drafts.length === 0) return null;
  return (
    <section className="note unsaved" aria-label="Not saved yet">
      <span>Not saved yet, kept in this browser:</span>
      <ul>
        {drafts.slice(0, SHOWN).map(({ id, at, name, draft }) => (
          // Of several at one place, the one that is gone to is written on.
          <li key={id} onClickCapture={() => remember({ user, project, name }, id)}>
            <Link to={name === null ? { at: "new" } : { at: "prompt", name, version: null }}>
              <bdi>{name ?? (draft.name || "a new prompt")}</bdi>
            </Link>{" "}
            <small>
              <When at={new Date(at).toISOString()} />
            </small>
          </li>
        ))}
        {drafts.length > SHOWN && <li>and {drafts.length - SHOWN} more</li>}
      </ul>
    </section>
  );
}
