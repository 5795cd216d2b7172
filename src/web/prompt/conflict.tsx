/** Somebody saved meanwhile: what they wrote beside what is written here. Nothing is lost, whatever one chooses. */
import { useMemo } from "react";
import type { Prompt, PromptlibError } from "../../sdk/index.ts";
import { clientOf, noteSource, useLoaded } from "../calls.ts";
import { Failure } from "../shell/failure.tsx";
import { When } from "../shell/when.tsx";
import { changedLines } from "./changed-lines.ts";
import { type Content, type Draft, isOfAnother, textOf } from "./draft.ts";
import { halfTypedFault } from "./half-typed.ts";
import { MergeView } from "./merge-view.tsx";
import { personOf } from "./person.ts";

interface ConflictProps {
  /** The newest version, which is not what was begun on. */
  theirs: Prompt;
  draft: Draft;
  /** `merged`: with theirs in it. */
  onGoOn(merged?: Content): void;
  onTake(): void;
}

export function Conflict({ theirs, draft, onGoOn, onTake }: ConflictProps) {
  const { version, author, message, createdAt, project, name } = theirs;
  const { base, error } = useBase(project, name, draft, version);
  // A prompt that took the name meanwhile has less versions, or others: there is nothing in common.
  const isSamePrompt = base !== "of another";
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
      {isSamePrompt ? (
        <Together
          key={version}
          project={project}
          name={name}
          theirs={theirs}
          draft={draft}
          base={base}
          error={error}
          onMerge={onGoOn}
        />
      ) : (
        <p>It is another prompt, which has this name now.</p>
      )}
      <SideBySide theirs={theirs} mine={draft.content} isOpen={!isSamePrompt} />
      <div className="buttons">
        <button type="button" onClick={() => onGoOn()}>
          Go on with mine, on top of version {version}
        </button>
        <button type="button" onClick={onTake}>
          Drop mine and take version {version}
        </button>
      </div>
    </section>
  );
}

interface Base {
  /** The version that it was begun on; null: not known. */
  base: Prompt | null | "of another";
  /** Why not; null: not yet. */
  error: PromptlibError | null;
}

function useBase(project: string, name: string, draft: Draft, newest: number): Base {
  const { base, baseHash } = draft;
  const isOlder = base !== null && base < newest;
  const { value, error } = useLoaded(JSON.stringify(["version", project, name, isOlder ? base : newest]), async () =>
    noteSource(await clientOf(project).fetchPrompt(name, { version: isOlder ? base : newest })),
  );
  if (!isOlder || (value && isOfAnother(baseHash, value.prompt))) return { base: "of another", error: null };
  return { base: value?.prompt ?? null, error };
}

interface TogetherProps {
  project: string;
  name: string;
  theirs: Prompt;
  draft: Draft;
  base: Prompt | null;
  error: PromptlibError | null;
  onMerge(merged: Content): void;
}

function Together({ project, name, theirs, draft, base, error, onMerge }: TogetherProps) {
  const from = draft.base ?? 0;
  return (
    <>
      {theirs.version - from > 1 && <Between project={project} name={name} from={from} to={theirs.version} />}
      {!base && error && (
        <Failure error={error} what="Both cannot be put together." hint="They stand side by side below." />
      )}
      {base && (
        <MergeView base={base} mine={draft.content} theirs={theirs} blocked={halfTypedFault(draft)} onMerge={onMerge} />
      )}
    </>
  );
}

/** More than one was saved since. */
function Between({ project, name, from, to }: { project: string; name: string; from: number; to: number }) {
  const { value } = useLoaded(JSON.stringify(["versions since", project, name, from, to]), () =>
    clientOf(project).listVersions(name, { limit: Math.min(to - from, 200) }),
  );
  if (!value) return null;
  return (
    <ul className="values" aria-label="Saved since">
      {value.items
        .filter(({ version }) => version > from)
        .map(({ version, author, createdAt, message }) => (
          <li key={version}>
            Version {version}: <bdi>{personOf(author)}</bdi>, <When at={createdAt} />
            {message !== "" && (
              <>
                {" · "}
                <bdi>{message}</bdi>
              </>
            )}
          </li>
        ))}
    </ul>
  );
}

function SideBySide({ theirs, mine, isOpen }: { theirs: Prompt; mine: Content; isOpen: boolean }) {
  const [their, own] = useMemo(() => [textOf(theirs), textOf(mine)], [theirs, mine]);
  const changed = useMemo(() => changedLines(their, own), [their, own]);
  return (
    <details open={isOpen}>
      <summary>Side by side</summary>
      <div className="sides">
        <Side title={`Version ${theirs.version}`} text={their} changed={changed.one} />
        <Side title="Yours" text={own} changed={changed.other} />
      </div>
    </details>
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
