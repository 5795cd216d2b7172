/** Who uses the prompt and who did what to it: fetches by label, where a label was on a day, deeds in order. */
import { type FormEvent, useId, useState } from "react";
import { type Client, type LabelMove, type LabelPosition, PromptlibError } from "../../sdk/index.ts";
import { clientOf, noteFailure, useLoaded } from "../calls.ts";
import { Link } from "../navigation.tsx";
import { minute } from "../shell/dates.ts";
import { Failure } from "../shell/failure.tsx";
import type { Access } from "../shell/page.tsx";
import { When } from "../shell/when.tsx";
import { deedsOf, labelsTold } from "./deeds.ts";
import { LABEL_INPUT } from "./label-input.ts";
import { personOf } from "./person.ts";

interface UsageProps {
  access: Access;
  name: string;
  /** Those that the prompt has. */
  labels: readonly string[];
  /** Something was saved or moved: looked up anew. */
  turn: string;
}

export function Usage(props: UsageProps) {
  const id = useId();
  return (
    <section className="card" aria-labelledby={id}>
      <h2 id={id}>Use and history</h2>
      <Fetches {...props} />
      <LabelThen {...props} />
      <Deeds {...props} />
    </section>
  );
}

function Fetches({ access: { project }, name }: UsageProps) {
  const { value, error } = useLoaded(JSON.stringify(["fetches", project, name]), () =>
    clientOf(project).listFetches(name),
  );
  if (error && !value) return <Failure error={error} what="Who fetched it cannot be shown now." />;
  if (!value) return <p className="hint">Loading …</p>;
  if (value.items.length === 0) return <p className="hint">No application has fetched it yet.</p>;
  return (
    <table className="fetches">
      <caption>Who fetched it</caption>
      <thead>
        <tr>
          <th scope="col">By</th>
          <th scope="col">Label</th>
          <th scope="col">Times</th>
          <th scope="col">Last</th>
        </tr>
      </thead>
      <tbody>
        {value.items.map(({ label, caller, keyName, fetches, lastAt }) => (
          <tr key={`${label} ${caller}`}>
            <td>
              <bdi>{keyName === null ? personOf(caller) : `API key ${keyName}`}</bdi>
            </td>
            <td>{label}</td>
            <td>{fetches.toLocaleString("en")}</td>
            <td>
              <When at={lastAt} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** What was production on a day, at a time of the person's own clock. */
function LabelThen({ access: { project }, name, labels }: UsageProps) {
  const [chosen, setLabel] = useState<string | null>(null);
  const label = chosen ?? (labels.includes("production") ? "production" : (labels[0] ?? ""));
  const [typed, setTyped] = useState("");
  const [found, setFound] = useState<{ asked: string; position: LabelPosition } | null>(null);
  const [error, setError] = useState<PromptlibError | null>(null);
  const ask = async (event: FormEvent) => {
    event.preventDefault();
    setFound(null);
    setError(null);
    const at = new Date(typed);
    try {
      const position = await clientOf(project).readLabel(name, label, { at: at.toISOString() });
      setFound({ asked: at.toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" }), position });
    } catch (problem) {
      setError(noteFailure(problem));
    }
  };
  return (
    <form className="label-then" onSubmit={ask}>
      <label className="field">
        <span>What was</span>
        <input
          value={label}
          required
          placeholder="production"
          {...LABEL_INPUT}
          title="the name of a label"
          onChange={(event) => setLabel(event.target.value)}
        />
      </label>
      <label className="field">
        <span>on</span>
        <input type="datetime-local" required value={typed} onChange={(event) => setTyped(event.target.value)} />
      </label>
      <button type="submit">Look</button>
      <div role="status">
        {found && (
          <p>
            On {found.asked} {found.position.label} was on{" "}
            <Link to={{ at: "prompt", name, version: found.position.version }}>version {found.position.version}</Link>,
            put there by <bdi>{personOf(found.position.movedBy)}</bdi> <When at={found.position.movedAt} />.
          </p>
        )}
        {error && (error.code === "label_not_found" ? <p>It was on no version then.</p> : <Failure error={error} />)}
      </div>
    </form>
  );
}

function Deeds({ access, name, labels, turn }: UsageProps) {
  const { project, mayAdmin } = access;
  const [isOpen, setOpen] = useState(false);
  return (
    <details className="config" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Who did what</summary>
      {isOpen && <DeedList key={turn} project={project} name={name} labels={labels} mayAdmin={mayAdmin} />}
    </details>
  );
}

/** None, where it was another prompt of this name that had the label. */
async function movesOf(client: Client, name: string, label: string): Promise<LabelMove[]> {
  try {
    return (await client.listLabelMoves(name, label, { limit: 50 })).items;
  } catch (error) {
    if (error instanceof PromptlibError && error.code === "label_not_found") return [];
    throw error;
  }
}

interface DeedListProps {
  project: string;
  name: string;
  labels: readonly string[];
  mayAdmin: boolean;
}

function DeedList({ project, name, labels, mayAdmin }: DeedListProps) {
  const { value, error } = useLoaded(JSON.stringify(["deeds", project, name]), async () => {
    const client = clientOf(project);
    const [versions, audit] = await Promise.all([
      client.listVersions(name, { limit: 100 }),
      // What else was done is for admins to read.
      mayAdmin ? client.listAudit({ project, subject: name, limit: 100 }) : null,
    ]);
    const told = audit?.items ?? [];
    const moved = [...new Set([...labels, ...labelsTold(told)])];
    const moves = await Promise.all(moved.map((label) => movesOf(client, name, label)));
    return deedsOf(versions.items, moves.flat(), told);
  });
  if (error && !value) return <Failure error={error} what="The history cannot be shown now." />;
  if (!value) return <p className="hint">Loading …</p>;
  return (
    <ol className="deeds">
      {value.map(({ at, by, did }) => (
        <li key={`${at} ${did}`}>
          <time dateTime={at}>{minute.format(Date.parse(at))}</time> <bdi>{personOf(by)}</bdi> <bdi>{did}</bdi>
        </li>
      ))}
    </ol>
  );
}
