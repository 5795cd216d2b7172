/** Somebody saved meanwhile: what they wrote beside what is written here. Nothing is lost, whatever one chooses. */
import { useMemo } from "react";
import type { Prompt } from "../../sdk/index.ts";
import { When } from "../shell/when.tsx";
import { changedLines } from "./changed-lines.ts";
import { type Content, textOf } from "./draft.ts";
import { personOf } from "./versions.tsx";

interface ConflictProps {
  /** The newest version, which is not what was begun on. */
  theirs: Prompt;
  mine: Content;
  onGoOn(): void;
  onTake(): void;
}

export function Conflict({ theirs, mine, onGoOn, onTake }: ConflictProps) {
  const { version, author, message, createdAt } = theirs;
  const [their, own] = useMemo(() => [textOf(theirs), textOf(mine)], [theirs, mine]);
  const changed = useMemo(() => changedLines(their, own), [their, own]);
  return (
    <section className="conflict" aria-label="Somebody saved meanwhile">
      <p>
        <strong>
          <bdi>{personOf(author)}</bdi> saved version {version} meanwhile
        </strong>{" "}
        (<When at={createdAt} />
        {message !== "" && (
          <>
            : <bdi>{message}</bdi>
          </>
        )}
        ). Yours is untouched, and not saved yet.
      </p>
      <div className="sides">
        <Side title={`Version ${version}`} text={their} changed={changed.one} />
        <Side title="Yours" text={own} changed={changed.other} />
      </div>
      <div className="buttons">
        <button type="button" className="primary" onClick={onGoOn}>
          Go on with mine, on top of version {version}
        </button>
        <button type="button" onClick={onTake}>
          Drop mine and take version {version}
        </button>
      </div>
      <p className="hint">To have both, go on with yours and take over what you want of theirs before you save.</p>
    </section>
  );
}

function Side({ title, text, changed: [from, to] }: { title: string; text: string; changed: [number, number] }) {
  const lines = text.split("\n");
  const piece = (start: number, end?: number) => lines.slice(start, end).join("\n");
  return (
    <figure>
      <figcaption>{title}</figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls takes the focus */}
      <pre className="prose" dir="auto" tabIndex={0}>
        {from > 0 && `${piece(0, from)}\n`}
        {to > from && <mark className="changed">{piece(from, to)}</mark>}
        {to < lines.length && `\n${piece(to)}`}
      </pre>
    </figure>
  );
}
