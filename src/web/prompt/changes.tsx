/** What differs between two versions: lines of text or messages, variables, configuration. */
import { useId, useMemo } from "react";
import { diffVersions } from "../../prompt/diff.ts";
import type { DiffHunk, Prompt, TextDiff, ValueDiff } from "../../sdk/index.ts";
import { clientOf, noteSource, useLoaded } from "../calls.ts";
import { Link } from "../navigation.tsx";
import { Failure } from "../shell/failure.tsx";

interface ChangesProps {
  project: string;
  /** The version that is looked at. */
  prompt: Prompt;
  against: number;
}

export function Changes({ project, prompt, against }: ChangesProps) {
  const id = useId();
  const { name, version, newest } = prompt;
  const { value, error } = useLoaded(JSON.stringify(["version", project, name, against]), async () =>
    noteSource(await clientOf(project).fetchPrompt(name, { version: against })),
  );
  const other = value?.prompt ?? null;
  const [from, to] = against < version ? [against, version] : [version, against];
  return (
    <section className="card" aria-labelledby={id}>
      <div className="card-head">
        <h2 id={id}>
          From version {from} to {to}
        </h2>
        <Link
          className="button"
          to={{ at: "prompt", name, version: version === newest ? null : version, against: null }}
        >
          Close
        </Link>
      </div>
      {error && !other && <Failure error={error} what="What differs cannot be shown now." />}
      {other && <Difference from={against < version ? other : prompt} to={against < version ? prompt : other} />}
    </section>
  );
}

function Difference({ from, to }: { from: Prompt; to: Prompt }) {
  const diff = useMemo(() => diffVersions(from, to), [from, to]);
  if (diff.same) return <p className="hint">They say the same.</p>;
  return (
    <>
      {diff.text && <Hunks diff={diff.text} />}
      {diff.messages
        ?.filter(({ kind }) => kind !== "same")
        .map(({ kind, role, fromRole, from: was, to: is, content }) => (
          <div key={`${was} ${is}`}>
            <h3>
              Message {(is ?? was ?? 0) + 1}, {role} {kind}
              {fromRole !== undefined && `, was ${fromRole}`}
            </h3>
            {content && <Hunks diff={content} />}
          </div>
        ))}
      <Values title="Variables" values={diff.variables} />
      <Values title="Configuration" values={diff.config} />
      {diff.template && (
        <p>
          Template: {diff.template.from} → {diff.template.to}
        </p>
      )}
    </>
  );
}

function Hunks({ diff: { hunks, coarse } }: { diff: TextDiff }) {
  return (
    <>
      {coarse && <p className="hint">They differ too much to be compared line by line.</p>}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls takes the focus */}
      <pre className="prose diff" tabIndex={0}>
        {hunks.map((hunk) => (
          <Hunk key={`${hunk.fromLine} ${hunk.toLine}`} hunk={hunk} />
        ))}
      </pre>
    </>
  );
}

const SIGNS = { same: " ", added: "+", removed: "−" } as const;

function Hunk({ hunk: { fromLine, toLine, parts } }: { hunk: DiffHunk }) {
  return (
    <>
      <span className="diff-place">
        line {fromLine} → {toLine}
      </span>
      {parts.map(({ kind, lines }, index) => {
        const Line = kind === "added" ? "ins" : kind === "removed" ? "del" : "span";
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: a part is its place
          <Line key={index}>{lines.map((line) => `${SIGNS[kind]} ${line.replace(/\n$/, "")}\n`).join("")}</Line>
        );
      })}
    </>
  );
}

function Values({ title, values }: { title: string; values: readonly ValueDiff[] }) {
  if (values.length === 0) return null;
  return (
    <>
      <h3>{title}</h3>
      <ul className="values">
        {values.map(({ path, kind, from, to }) => (
          <li key={JSON.stringify(path)}>
            <code>{path.join(".")}</code> {kind === "changed" ? "" : kind}{" "}
            {kind !== "added" && <del>{JSON.stringify(from)}</del>}{" "}
            {kind !== "removed" && <ins>{JSON.stringify(to)}</ins>}
          </li>
        ))}
      </ul>
    </>
  );
}
