/** The entries, the newest first, as far back as one asks. */
import { useState } from "react";
import type { AuditEntry, AuditFilter } from "../../sdk/index.ts";
import { clientOf } from "../calls.ts";
import { useDeed } from "../deed.ts";
import { personOf } from "../prompt/person.ts";
import { Failure } from "../shell/failure.tsx";
import { type AuditQuery, detailText } from "./audit-query.ts";
import { NotCurrent, useKnown } from "./known.tsx";

interface AuditEntriesProps {
  filter: AuditFilter;
  onChange(part: Partial<AuditQuery>): void;
}

interface Older {
  items: readonly AuditEntry[];
  cursor: string | null;
}

const LIMIT = 50;
/** On the clock of this browser: in a log the exact time counts. */
const moment = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });

export function AuditEntries({ filter, onChange }: AuditEntriesProps) {
  const client = clientOf(null);
  const known = useKnown(`audit ${JSON.stringify(filter)}`, () => client.listAudit({ ...filter, limit: LIMIT }));
  const first = known.value?.value ?? null;
  const [older, setOlder] = useState<Older | null>(null);
  const deed = useDeed();
  const cursor = older ? older.cursor : (first?.nextCursor ?? null);
  // What came meanwhile moves the pages: an entry is shown once.
  const newest = first?.items ?? [];
  const entries = [...newest, ...(older?.items ?? []).filter(({ id }) => !newest.some((one) => one.id === id))];
  const more = () =>
    deed.attempt(async () => {
      if (cursor === null) return;
      const page = await client.listAudit({ ...filter, limit: LIMIT, cursor });
      setOlder({ items: [...(older?.items ?? []), ...page.items], cursor: page.nextCursor });
    });
  const again = () => {
    setOlder(null);
    known.reload();
  };
  return (
    <>
      <div className="audit-head">
        <p className="count" role="status">
          {first && countOf(entries.length, first.total, first.totalIsExact)}
        </p>
        {first && (
          <button type="button" className="link" onClick={again}>
            Look again
          </button>
        )}
      </div>
      <NotCurrent known={known} what="The entries" />
      {first && entries.length === 0 && (
        <section className="empty">
          <h2>Nothing matches</h2>
          <p>Nothing like that was written down.</p>
        </section>
      )}
      {entries.length > 0 && <p className="hint">Press who, what or on what in an entry to see only those.</p>}
      {entries.length > 0 && (
        <ol className="things audit" aria-label="Entries">
          {entries.map((entry) => (
            <Entry key={entry.id} entry={entry} onChange={onChange} />
          ))}
        </ol>
      )}
      {deed.error && <Failure error={deed.error} what="Older entries could not be loaded." />}
      {cursor !== null && (
        <button type="button" disabled={deed.busy} onClick={more}>
          {deed.busy ? "Loading …" : "Show older ones"}
        </button>
      )}
    </>
  );
}

function countOf(shown: number, total: number, isExact: boolean): string {
  const all = `${isExact ? "" : "more than "}${total.toLocaleString("en")} ${total === 1 ? "entry" : "entries"}`;
  return shown < total ? `${all}, the newest ${shown.toLocaleString("en")} shown` : all;
}

function Entry({ entry, onChange }: { entry: AuditEntry } & Pick<AuditEntriesProps, "onChange">) {
  const { at, actor, action, subject, project, address, details } = entry;
  const facts = Object.entries(details).filter(([, value]) => detailText(value) !== "");
  return (
    <li>
      <time className="thing-about" dateTime={at}>
        {moment.format(new Date(at))}
      </time>
      <span className="thing-name">
        <button type="button" className="link" onClick={() => onChange({ actor })}>
          <bdi>{actor === "nobody" ? "nobody signed in" : personOf(actor)}</bdi>
        </button>
        <button type="button" className="chip tag" onClick={() => onChange({ action })}>
          {action}
        </button>
        <button type="button" className="link" onClick={() => onChange({ subject })}>
          <bdi>{subject}</bdi>
        </button>
      </span>
      <span className="thing-about">
        {project !== null && (
          <>
            in <bdi>{project}</bdi>
          </>
        )}
        {project !== null && address !== null && ", "}
        {address !== null && (
          <>
            from <bdi>{address}</bdi>
          </>
        )}
      </span>
      {facts.length > 0 && (
        <dl className="facts">
          {facts.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>
                <bdi>{short(detailText(value))}</bdi>
              </dd>
            </div>
          ))}
        </dl>
      )}
    </li>
  );
}

/** A hash is told apart by its beginning. */
function short(text: string): string {
  return /^sha256:[0-9a-f]{64}$/.test(text) ? `${text.slice(0, 19)}…` : text;
}
