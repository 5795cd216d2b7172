/** More that was written here and not saved: in another tab, or before somebody went on elsewhere. */
import { When } from "../shell/when.tsx";
import { textOf } from "./draft.ts";
import type { Drafting } from "./drafting.ts";

const BEGINNING = 80;

export function OtherDrafts({ drafting }: { drafting: Drafting }) {
  const { others, draft } = drafting;
  if (others.length === 0) return null;
  return (
    <section className="note" aria-label="Other drafts">
      <p>
        {others.length === 1 ? "Another draft is" : `${others.length} other drafts are`} kept in this browser, not saved
        {draft ? "; yours stays, whatever you do with it" : ""}:
      </p>
      <ul className="stack">
        {others.map((other) => (
          <li key={other.id} className="buttons">
            <span>
              <bdi>{textOf(other.draft.content).slice(0, BEGINNING).trim() || "nothing yet"}</bdi>{" "}
              <small>
                <When at={new Date(other.at).toISOString()} />
              </small>
            </span>
            <button type="button" onClick={() => drafting.take(other)}>
              Go on with it
            </button>
            <button type="button" onClick={() => drafting.throwAwayOther(other)}>
              Throw it away
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
