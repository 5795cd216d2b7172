/** The verdict first: how safe everything is, in two figures, and each reason with what mends it. */
import { useEffect, useState } from "react";
import type { Level, Readiness, ReadinessReason } from "../../sdk/index.ts";
import type { Polled } from "../polled.ts";
import { When } from "../shell/when.tsx";
import { useNow } from "./guardian.ts";
import type { Ordering } from "./jobs.ts";
import { LevelMark, WithCommands } from "./parts.tsx";
import { databaseRisk, type Figure, headline, recoveryFigure, riskFigure, spoken } from "./verdict-words.ts";
import { counted, lasting } from "./words.ts";

/** What was heard is old after this. */
const SILENT_MS = 6_000;

interface Mending {
  ordering: Ordering;
  /** Of the newest state. */
  onPlan(): void;
}

export function Verdict({ known, ...mending }: Mending & { known: Polled<Readiness> }) {
  const { value: readiness, at } = known;
  const now = useNow();
  if (!readiness || at === null) return null;
  const age = now - at;
  const isOld = known.error !== null && age > SILENT_MS;
  const { dataAtRisk, timeToRecover } = readiness;
  return (
    <>
      <div className="verdict" data-level={isOld ? "unknown" : readiness.level}>
        <p className="verdict-words">
          {isOld ? `Not known now. ${lasting(age / 1000)} ago: ${headline(readiness)}` : headline(readiness)}
        </p>
      </div>
      <Spoken text={isOld ? "What follows is not current." : spoken(readiness)} />
      <div className="figures" data-old={isOld}>
        <FigureCard name="Data at risk" figure={riskFigure(dataAtRisk)}>
          If only the database vanished: {databaseRisk(dataAtRisk)}. Promised: at most 1 hour.
        </FigureCard>
        <FigureCard name="Time to recover" figure={recoveryFigure(timeToRecover)}>
          {timeToRecover && (
            <>
              Measured <When at={timeToRecover.measuredAt} />.{" "}
            </>
          )}
          Promised: at most 4 hours.
        </FigureCard>
      </div>
      <Reasons reasons={readiness.reasons} {...mending} />
    </>
  );
}

/** Figures move all the time; what is read aloud must not. */
function Spoken({ text }: { text: string }) {
  const [said, setSaid] = useState("");
  useEffect(() => setSaid(text), [text]);
  return (
    <p className="unseen" role="status">
      {said}
    </p>
  );
}

interface FigureProps {
  name: string;
  figure: Figure;
  children: React.ReactNode;
}

function FigureCard({ name, figure: { level, value, about }, children }: FigureProps) {
  return (
    <section className="card figure" data-level={level} aria-label={name}>
      <h2>{name}</h2>
      <p className="figure-value">{value}</p>
      <p className="figure-about">{about}</p>
      <p className="hint">{children}</p>
    </section>
  );
}

const WORST_FIRST: readonly Level[] = ["critical", "warning"];

function Reasons({ reasons, ...mending }: Mending & { reasons: readonly ReadinessReason[] }) {
  if (reasons.length === 0) return null;
  const { refused, backupRefused } = mending.ordering;
  const mends = new Set(reasons.map(({ code }) => MENDS[code]));
  const waits = mends.has("backup") ? backupRefused : mends.has("drill") ? refused : null;
  const sorted = WORST_FIRST.flatMap((level) => reasons.filter((reason) => reason.level === level));
  return (
    <section className="card reasons" aria-label={`Why: ${counted(reasons.length, "reason")}`}>
      <ul>
        {sorted.map((reason) => (
          <li key={`${reason.code} ${reason.message}`}>
            <LevelMark level={reason.level} />
            <div>
              <p>{reason.message}</p>
              <p className="hint">
                <WithCommands text={reason.remedy} />
              </p>
            </div>
            <Mend reason={reason} {...mending} />
          </li>
        ))}
      </ul>
      {waits !== null && <p className="hint">{waits}</p>}
    </section>
  );
}

/** What can be done about it from here. */
const MENDS: Partial<Record<ReadinessReason["code"], "backup" | "drill" | "plan">> = {
  postgres_down: "plan",
  no_backup: "backup",
  backup_old: "backup",
  clock_set_back: "backup",
  backup_failed: "backup",
  no_backup_elsewhere: "backup",
  location_without_backup: "backup",
  not_attested: "backup",
  wal_lost: "backup",
  drill_failed: "drill",
  never_drilled: "drill",
  drill_old: "drill",
};

function Mend({ reason, ordering, onPlan }: Mending & { reason: ReadinessReason }) {
  switch (MENDS[reason.code]) {
    case "backup":
      return (
        <button
          type="button"
          disabled={ordering.backupRefused !== null}
          aria-label={`Back up now, since: ${reason.message}`}
          onClick={() => ordering.order("backup")}
        >
          Back up now
        </button>
      );
    case "drill":
      return (
        <button
          type="button"
          disabled={ordering.refused !== null}
          aria-label={`Drill now, since: ${reason.message}`}
          onClick={() => ordering.order("drill")}
        >
          Drill now
        </button>
      );
    case "plan":
      return (
        <button type="button" onClick={onPlan}>
          Plan a restore
        </button>
      );
    case undefined:
      return null;
  }
}
