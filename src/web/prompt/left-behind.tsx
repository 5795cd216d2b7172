/** The prompt is gone, and something was written on it: it can become a prompt of its own. */
import { useWritesRefused } from "../connection.ts";
import { go } from "../navigation.tsx";
import { say } from "../shell/notices.tsx";
import type { Access } from "../shell/page.tsx";
import { ContentView } from "./content-view.tsx";
import type { Draft } from "./draft.ts";
import { keepDraft } from "./draft-shelf.ts";
import { type Drafting, remember, THROWN_AWAY } from "./drafting.ts";

interface LeftBehindProps {
  access: Access;
  name: string;
  draft: Draft;
  drafting: Drafting;
}

export function LeftBehind({ access, name, draft, drafting }: LeftBehindProps) {
  const refused = useWritesRefused();
  const makeNew = () => {
    const { user, project } = access;
    const place = { user, project, name: null };
    const { kept, isKept } = keepDraft(localStorage, place, null, {
      ...draft,
      base: null,
      baseHash: undefined,
      name,
    });
    if (!isKept) {
      say("This browser is full, or keeps nothing. Throw away another draft, or copy the text from here.");
      return;
    }
    remember(place, kept.id);
    drafting.drop();
    go({ project: access.named, page: { at: "new" } });
  };
  return (
    <section className="card stack" aria-label="What you wrote">
      <h2>What you wrote is still here</h2>
      <p>
        There is no prompt <bdi>{name}</bdi> any more: it is in the trash, or answers to another name. Nothing of yours
        was saved or lost.
      </p>
      <ContentView content={draft.content} />
      <div className="buttons">
        <button type="button" className="primary" disabled={!access.mayEdit || refused !== null} onClick={makeNew}>
          Make it a new prompt
        </button>
        <button type="button" onClick={() => drafting.throwAway(THROWN_AWAY)}>
          Throw away
        </button>
      </div>
    </section>
  );
}
