/** What an import would do, does, or did: in a sentence, prompt by prompt, and as a table to keep. */
import { type ReactNode, useId, useMemo, useState } from "react";
import type { ImportItem } from "../../sdk/index.ts";
import { Link } from "../navigation.tsx";
import { download } from "../shell/download.ts";
import { Failure } from "../shell/failure.tsx";
import { RESULTS, type Result, reportCsv, sentenceOf, wordOf } from "./report.ts";
import type { Run } from "./run.ts";

interface ImportRunProps {
  run: Run;
  project: string;
  onStop(): void;
  /** What can be done next. */
  children: ReactNode;
}

const SHOWN = 200;

export function ImportRun({ run, project, onStop, children }: ImportRunProps) {
  const { order, items, summary, error } = run;
  const id = useId();
  const isPlan = order.dryRun;
  const isRunning = !summary && !error;
  const title = isRunning
    ? isPlan
      ? "Looking at it …"
      : "Importing …"
    : isPlan
      ? "What will change"
      : "What was done";
  return (
    <section className="card stack" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      <p role="status">
        {isRunning && `${items.length.toLocaleString("en")} ${items.length === 1 ? "prompt" : "prompts"} so far.`}
        {summary && sentenceOf(summary, isPlan)}
        {error && !isPlan && "It broke off. What was saved by then stays; going on leaves it as it is."}
      </p>
      {/* Nobody knows how many there will be: that it goes on is all that the bar says. */}
      {isRunning && <progress aria-labelledby={id} />}
      {error && error.code !== "interrupted" && (
        <Failure error={error} what={isPlan ? "It could not be looked at." : ""} />
      )}
      <div className="buttons">
        {isRunning && (
          <button type="button" onClick={onStop}>
            Stop
          </button>
        )}
        {children}
        {!isRunning && items.length > 0 && <Downloads items={items} project={project} />}
      </div>
      {items.length > 0 && !isRunning && <Items items={items} isPlan={isPlan} />}
    </section>
  );
}

function Downloads({ items, project }: { items: readonly ImportItem[]; project: string }) {
  const rejected = useMemo(() => items.filter(({ result }) => result === "rejected"), [items]);
  const keep = (kept: readonly ImportItem[], name: string) =>
    download(reportCsv(kept), `${name}-${project}.csv`, "text/csv;charset=utf-8");
  return (
    <>
      {rejected.length > 0 && (
        <button type="button" onClick={() => keep(rejected, "not-imported")}>
          Download what cannot be imported
        </button>
      )}
      <button type="button" onClick={() => keep(items, "import")}>
        Download the whole report
      </button>
    </>
  );
}

/** Each kind of result folded away, the ones that matter open. */
function Items({ items, isPlan }: { items: readonly ImportItem[]; isPlan: boolean }) {
  const groups = useMemo(() => Map.groupBy(items, ({ result }) => result), [items]);
  return RESULTS.map((result) => {
    const group = groups.get(result);
    return group && <Group key={result} result={result} items={group} isPlan={isPlan} />;
  });
}

function Group({ result, items, isPlan }: { result: Result; items: readonly ImportItem[]; isPlan: boolean }) {
  const [shown, setShown] = useState(SHOWN);
  const word = wordOf(result, isPlan);
  return (
    <details className="config" open={result === "rejected"}>
      <summary>
        {items.length.toLocaleString("en")} {word}
      </summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls takes the focus */}
      <ul className="lines" tabIndex={0} aria-label={word}>
        {items.slice(0, shown).map((item, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a row is its place
          <li key={index} data-state={result === "rejected" ? "failed" : "will"}>
            <Item item={item} isPlan={isPlan} />
          </li>
        ))}
        {items.length > shown && (
          <li>
            <button type="button" className="link" onClick={() => setShown(shown + 10 * SHOWN)}>
              Show more of the {(items.length - shown).toLocaleString("en")} others
            </button>
          </li>
        )}
      </ul>
    </details>
  );
}

function Item({
  item: { path, line, name, result, version, reason, notes },
  isPlan,
}: {
  item: ImportItem;
  isPlan: boolean;
}) {
  const isThere = name !== null && !isPlan && (result === "created" || result === "updated" || result === "unchanged");
  const label = name ?? path;
  return (
    <>
      {isThere ? (
        <Link to={{ at: "prompt", name, version: null }}>
          <bdi>{label}</bdi>
        </Link>
      ) : (
        <bdi>{label}</bdi>
      )}{" "}
      {version !== null && version > 1 && <small>version {version} </small>}
      <small>
        {name !== null && <bdi>{path}</bdi>}
        {line !== null && ` line ${line}`}
      </small>
      {reason !== null && (
        <>
          {" "}
          <span>{reason}</span>
        </>
      )}
      {notes.map((note) => (
        <small key={note} className="item-note">
          {note}
        </small>
      ))}
    </>
  );
}
