/** The backups: size, age, where they lie, what was compared and when. The newest first. */
import { useId, useState } from "react";
import { size } from "../../contract/size.ts";
import type { BackupInfo, RecoveryInfo } from "../../sdk/index.ts";
import { When } from "../shell/when.tsx";
import type { Ordering } from "./jobs.ts";
import { Card, LevelMark, Moment } from "./parts.tsx";
import { counted, lasting } from "./words.ts";

const SHOWN = 5;

interface BackupsProps {
  info: RecoveryInfo;
  ordering: Ordering;
  onPlan(backup: string): void;
}

export function Backups({ info, ordering, onPlan }: BackupsProps) {
  const id = useId();
  const [all, setAll] = useState(false);
  // One that is being made, or was given up, is none.
  const backups = info.backups.filter(({ state }) => state !== "unfinished").reverse();
  const shown = all ? backups : backups.slice(0, SHOWN);
  return (
    <Card title={`Backups (${backups.length})`} id={id}>
      {backups.length === 0 && (
        <>
          <p>There is no backup yet. The first one is made by itself as soon as the database runs; or make it now.</p>
          <div className="buttons">
            <button
              type="button"
              className="primary"
              disabled={ordering.backupRefused !== null}
              onClick={() => ordering.order("backup")}
            >
              Make the first backup
            </button>
            {ordering.backupRefused !== null && <p className="hint">{ordering.backupRefused}</p>}
          </div>
        </>
      )}
      {ordering.refused !== null && backups.length > 0 && <p className="hint">Verifying waits: {ordering.refused}</p>}
      <ul className="backups">
        {shown.map((backup) => (
          <OneBackup key={backup.id} backup={backup} ordering={ordering} onPlan={onPlan} />
        ))}
      </ul>
      {backups.length > SHOWN && (
        <div className="buttons">
          <button type="button" onClick={() => setAll(!all)}>
            {all ? "Show fewer" : `Show all ${backups.length}`}
          </button>
        </div>
      )}
    </Card>
  );
}

function OneBackup({ backup, ordering, onPlan }: Omit<BackupsProps, "info"> & { backup: BackupInfo }) {
  const { id, state, end, stored, problems, warnings } = backup;
  return (
    <li>
      <div className="card-head">
        <h3>{end ? <Moment at={end.at} /> : id}</h3>
        <LevelMark level={state === "whole" ? "ok" : "critical"}>{state === "whole" ? "Whole" : "Damaged"}</LevelMark>
      </div>
      <p className="hint">
        <code>{id}</code>
        {end && (
          <>
            {" "}
            · <When at={end.at} />
          </>
        )}
        {backup.reason !== null && ` · ${REASONS[backup.reason]}`}
      </p>
      <dl className="told-of">
        <div>
          <dt>Size</dt>
          <dd>
            {backup.size === null ? "not known" : size(backup.size)}
            {stored !== null && `, stored as ${size(stored)}`}
          </dd>
        </div>
        <div>
          <dt>In</dt>
          <dd>{backup.in.length === 0 ? "no location as a whole" : backup.in.join(", ")}</dd>
        </div>
        <div>
          <dt>Compared</dt>
          <dd>
            <Compared backup={backup} />
          </dd>
        </div>
        <div>
          <dt>Read back</dt>
          <dd>
            {backup.verified === null ? (
              "never, as far as is known here"
            ) : (
              <>
                {backup.verified.ok ? "every byte" : "with faults"} in {backup.verified.locations.join(", ")},{" "}
                <When at={backup.verified.at} />
              </>
            )}
          </dd>
        </div>
      </dl>
      {problems.map(({ location, object, problem }) => (
        <p className="fault" key={`${location} ${object} ${problem}`}>
          {location}: {object} {problem}
        </p>
      ))}
      {warnings.map((warning) => (
        <p className="warnings" key={warning}>
          PostgreSQL warned: {warning}
        </p>
      ))}
      <div className="buttons">
        <button
          type="button"
          disabled={ordering.refused !== null}
          aria-label={`Verify the backup ${id}`}
          onClick={() => ordering.order("verify", id)}
        >
          Verify
        </button>
        <button type="button" aria-label={`Plan a restore of the backup ${id}`} onClick={() => onPlan(id)}>
          Plan a restore
        </button>
      </div>
    </li>
  );
}

const REASONS: Record<NonNullable<BackupInfo["reason"]>, string> = {
  schedule: "when it was due",
  manual: "by hand",
  first: "the first one",
  restored: "after a restore",
  wal_lost: "after WAL was lost",
};

function Compared({ backup: { compared, attested } }: { backup: BackupInfo }) {
  if (compared === null) {
    return attested ? "never; a drill compares the newest" : "cannot be: what must be in it is not known";
  }
  const { ok, tables, rows, seconds, at } = compared;
  const what = `${counted(tables, "table")}, ${counted(Number(rows), "row")}`;
  return (
    <>
      {ok ? `the same: ${what}` : `differs: ${what}`} in {lasting(seconds)}, <When at={at} />
    </>
  );
}
