/** Back up, drill, verify: now, with what goes on phase by phase, and what came of it. */
import { useEffect, useId, useRef, useState } from "react";
import type { Job, ListedJob, Progress, PromptlibError } from "../../sdk/index.ts";
import { Failure } from "../shell/failure.tsx";
import { When } from "../shell/when.tsx";
import { useNow } from "./guardian.ts";
import { byWords, doneWords, outcomeOf, phaseWords, took, VERBS, wasEnded } from "./job-words.ts";
import type { Jobs, Orderable } from "./jobs.ts";
import { Card, LevelMark } from "./parts.tsx";
import { lasting } from "./words.ts";

const ORDERS: readonly { verb: Orderable; name: string; about: string }[] = [
  { verb: "backup", name: "Back up now", about: "A whole backup into every location." },
  {
    verb: "drill",
    name: "Drill now",
    about:
      "Restores the newest backup beside the living database, compares every table and measures how long it takes.",
  },
  { verb: "verify", name: "Verify now", about: "Reads the newest backup back and checks every byte." },
];

export function Work({ running, ended, ordering, known }: Jobs) {
  const id = useId();
  const { refused, backupRefused, problem } = ordering;
  const place = useKeptFocus(running?.id);
  return (
    <div ref={place} tabIndex={-1} className="plan-place">
      <Card title="Do it now" id={id}>
        {running ? (
          <AtWork key={running.id} job={running} problem={problem} onCancel={() => ordering.cancel(running.id)} />
        ) : (
          <ul className="orders">
            {ORDERS.map(({ verb, name, about }) => (
              <li key={verb}>
                <button
                  type="button"
                  disabled={(verb === "backup" ? backupRefused : refused) !== null}
                  onClick={() => ordering.order(verb)}
                >
                  {name}
                </button>
                <p className="hint">{about}</p>
              </li>
            ))}
          </ul>
        )}
        {backupRefused !== null && !running && <p className="hint">{backupRefused}</p>}
        {problem && <Failure error={problem} />}
        <div role="status">{ended && !running && <Ended job={ended} />}</div>
        <Last jobs={known.value?.items ?? []} />
      </Card>
    </div>
  );
}

/** The button that was pressed goes when its job begins or ends: who works by keyboard stays here all the same. */
function useKeptFocus(running: string | undefined) {
  const place = useRef<HTMLDivElement>(null);
  const before = useRef(running);
  useEffect(() => {
    if (before.current === running) return;
    before.current = running;
    if (document.activeElement === document.body) place.current?.focus({ preventScroll: true });
  }, [running]);
  return place;
}

interface AtWorkProps {
  job: ListedJob;
  /** Ending it failed, say: it can be tried again. */
  problem: PromptlibError | null;
  onCancel(): void;
}

function AtWork({ job, problem, onCancel }: AtWorkProps) {
  const now = useNow();
  const phases = usePhases(job.progress);
  const [isLeaving, setLeaving] = useState(false);
  useEffect(() => {
    if (problem) setLeaving(false);
  }, [problem]);
  const what = VERBS[job.verb];
  const mayCancel = job.verb !== "restore";
  return (
    <section className="at-work" aria-label={`${what} at work`}>
      <div className="card-head">
        <p>
          <strong>{what}</strong> <span className="hint">begun {byWords(job.by)}</span>
        </p>
        <p className="hint tabular">{lasting(Math.max(0, now - Date.parse(job.startedAt)) / 1000)}</p>
      </div>
      <ol className="phases">
        {phases.map((phase, index) => (
          <li key={phase} data-done={index < phases.length - 1}>
            {phaseWords(phase)}
          </li>
        ))}
        {phases.length === 0 && <li>Begins …</li>}
      </ol>
      <Bar progress={job.progress} />
      <p className="unseen" role="status">
        {`${what}: ${phaseWords(job.progress?.phase ?? "begins")}`}
      </p>
      {mayCancel ? (
        <div className="buttons">
          <button
            type="button"
            disabled={isLeaving}
            onClick={() => {
              setLeaving(true);
              onCancel();
            }}
          >
            {isLeaving ? "Ends …" : "Cancel"}
          </button>
          <p className="hint">What it began is taken back; nothing that counts is touched.</p>
        </div>
      ) : (
        <p className="hint">It was ordered on the command line, and is ended there, with Ctrl-C.</p>
      )}
    </section>
  );
}

function Bar({ progress }: { progress: Progress | null }) {
  const id = useId();
  const { done = null, total = null } = progress ?? {};
  const isKnown = done !== null && total !== null && total > 0;
  return (
    <div className="job-bar">
      <label className="unseen" htmlFor={id}>
        {isKnown ? "How far this phase is" : "At work"}
      </label>
      <progress id={id} {...(isKnown ? { value: done, max: total } : {})} />
      <span className="hint tabular">{progress ? doneWords(progress) : ""}</span>
    </div>
  );
}

/** In the order in which they were seen: a quick one may have been over between two looks. */
function usePhases(progress: Progress | null): string[] {
  const [phases, setPhases] = useState<string[]>([]);
  const phase = progress?.phase;
  useEffect(() => {
    if (phase !== undefined) setPhases((seen) => (seen.includes(phase) ? seen : [...seen, phase]));
  }, [phase]);
  return phases;
}

function Ended({ job }: { job: Job }) {
  const { level, text, notes } = outcomeOf(job);
  return (
    <div className="outcome" data-level={level}>
      <p>
        <LevelMark level={level}>
          {level === "ok" ? "Done" : level === "critical" ? "Failed" : wasEnded(job) ? "Ended" : "Done, but"}
        </LevelMark>{" "}
        {text}
      </p>
      {notes.map((note) => (
        <p className="hint" key={note}>
          {note}
        </p>
      ))}
    </div>
  );
}

function StateMark({ job }: { job: ListedJob }) {
  if (job.state === "done") return <LevelMark level="ok">Done</LevelMark>;
  const ended = wasEnded(job);
  return <LevelMark level={ended ? "warning" : "critical"}>{ended ? "Ended" : "Failed"}</LevelMark>;
}

/** Since the guardian began. */
function Last({ jobs }: { jobs: readonly ListedJob[] }) {
  const over = jobs.filter(({ state }) => state !== "running");
  if (over.length === 0) return null;
  return (
    <details>
      <summary>What was done last ({over.length})</summary>
      <ul className="last-jobs">
        {over.map((job) => (
          <li key={job.id}>
            <StateMark job={job} />
            <span>
              {VERBS[job.verb]} {byWords(job.by)}, <When at={job.startedAt} />
              {job.endedAt !== null && `, in ${took(job)}`}
              {job.error && <span className="hint"> {job.error.message}</span>}
            </span>
          </li>
        ))}
      </ul>
    </details>
  );
}
