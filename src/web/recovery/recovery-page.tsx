/** Is everything safe, what would be lost, how long until it is back; and what to do about it. For operators. */
import { useCallback, useState } from "react";
import type { PromptlibError } from "../../sdk/index.ts";
import { usePolled } from "../polled.ts";
import { Failure } from "../shell/failure.tsx";
import { type RoomProps, useTitle } from "../shell/page.tsx";
import { Backups } from "./backups.tsx";
import { Drills } from "./drills.tsx";
import { guardian, useNow } from "./guardian.ts";
import { useJobs } from "./jobs.ts";
import { Locations } from "./locations.tsx";
import { Plan } from "./plan.tsx";
import type { Target } from "./plan-words.ts";
import { Restores } from "./restores.tsx";
import { TimeLine } from "./time-line.tsx";
import { Verdict } from "./verdict.tsx";
import { lasting } from "./words.ts";
import { Work } from "./work.tsx";

const READINESS_MS = 2_000;
const INFO_MS = 30_000;
const REPORTS_MS = 300_000;

const listDrills = () => guardian.listDrills({ limit: 60 });
const listRestores = () => guardian.listRestores({ limit: 10 });

export default function RecoveryPage({ identity }: RoomProps) {
  useTitle("Recovery");
  if (identity.operator) return <ForOperators />;
  return (
    <section className="empty">
      <h1 tabIndex={-1}>Recovery is for operators</h1>
      <p>Backups, drills and restores are about the whole instance. Ask an operator, or sign in as one.</p>
    </section>
  );
}

function ForOperators() {
  const readiness = usePolled(guardian.readReadiness, READINESS_MS);
  const info = usePolled(guardian.readRecoveryInfo, INFO_MS);
  const drills = usePolled(listDrills, REPORTS_MS);
  const restores = usePolled(listRestores, REPORTS_MS);
  const [again, look, lookAtDrills, lookAtRestores] = [readiness.reload, info.reload, drills.reload, restores.reload];
  const onEnd = useCallback(() => {
    for (const reload of [again, look, lookAtDrills, lookAtRestores]) reload();
  }, [again, look, lookAtDrills, lookAtRestores]);
  const databaseDown = readiness.value?.reasons.some(({ code }) => code === "postgres_down") ?? false;
  const jobs = useJobs({ databaseDown, onEnd });
  const now = useNow(30_000);
  const [target, setTarget] = useState<Target>({ kind: "latest" });
  const [asked, setAsked] = useState(0);
  if (readiness.error?.code === "no_guardian") return <NoGuardian error={readiness.error} />;
  const { ordering } = jobs;
  const plan = (wanted: Target) => {
    setTarget(wanted);
    setAsked((last) => last + 1);
  };
  return (
    <div className="recovery">
      <h1 tabIndex={-1}>Recovery</h1>
      <Away error={readiness.error} at={readiness.at} />
      <Verdict known={readiness} ordering={ordering} onPlan={() => plan({ kind: "latest" })} />
      {readiness.value === null && readiness.error === null && <p role="status">Asks the guardian …</p>}
      <div className="columns">
        <div className="column">
          <Work {...jobs} />
          {info.value && (
            <TimeLine info={info.value} readiness={readiness} drills={drills.value?.items ?? []} now={now} />
          )}
          <Plan
            target={target}
            onTarget={setTarget}
            asked={asked}
            readiness={readiness.value}
            refused={jobs.known.error ? ordering.refused : null}
          />
          {drills.value && <Drills drills={drills.value.items} ordering={ordering} />}
        </div>
        <div className="column">
          {info.error && (
            <Failure
              error={info.error}
              what={info.value ? "What locations hold is from a while ago." : "What locations hold cannot be said now."}
            />
          )}
          {info.value === null && info.error === null && <p role="status">Looks at the locations …</p>}
          {info.value && <Locations info={info.value} readiness={readiness.value} />}
          {info.value && (
            <Backups info={info.value} ordering={ordering} onPlan={(id) => plan({ kind: "backup", id })} />
          )}
          {restores.value && <Restores restores={restores.value.items} />}
        </div>
      </div>
    </div>
  );
}

/** The server being away the banner says already; that the guardian is, nobody else. */
function Away({ error, at }: { error: PromptlibError | null; at: number | null }) {
  const now = useNow();
  if (error?.code !== "guardian_unreachable") return <div role="status" />;
  return (
    <div role="status" className="failure">
      <p>
        <strong>{error.message}</strong> It watches over the database and makes the backups.{" "}
        {at === null
          ? "Nothing was heard of it yet."
          : `What is shown here was so ${lasting((now - at) / 1000)} ago; reading and writing prompts goes on.`}
      </p>
      <p className="hint">{error.hint} This page goes on by itself as soon as it answers.</p>
    </div>
  );
}

function NoGuardian({ error }: { error: PromptlibError }) {
  return (
    <section className="empty">
      <h1 tabIndex={-1}>Nothing guards this database</h1>
      <p>{error.message}</p>
      <p>{error.hint}</p>
    </section>
  );
}
