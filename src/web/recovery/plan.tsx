/** The plan of a restore: to which moment, what would be lost, how long it takes, and the command that carries it out. */
import { type FormEvent, useEffect, useId, useRef, useState } from "react";
import { size } from "../../contract/size.ts";
import type { PlanRequest, PromptlibError, Readiness, ToldPlan } from "../../sdk/index.ts";
import { noteFailure } from "../calls.ts";
import { Copy } from "../shell/copy.tsx";
import { Failure } from "../shell/failure.tsx";
import { guardian } from "./guardian.ts";
import { Card, Moment } from "./parts.tsx";
import { commandOf, leftOut, localField, requestOf, type Target } from "./plan-words.ts";
import { counted, lasting, localMoment, utcMoment } from "./words.ts";

interface PlanProps {
  target: Target;
  onTarget(target: Target): void;
  /** Grows each time somebody asks for this target from elsewhere on the page. */
  asked: number;
  readiness: Readiness | null;
  refused: string | null;
}

interface Made {
  request: PlanRequest;
  plan: ToldPlan;
  /** How much is in the audit log since; null: nobody can tell. */
  since: { total: number; isExact: boolean } | null;
}

export function Plan({ target, onTarget, asked, readiness, refused }: PlanProps) {
  const id = useId();
  const [made, setMade] = useState<Made | null>(null);
  const [error, setError] = useState<PromptlibError | null>(null);
  const [busy, setBusy] = useState(false);
  const request = requestOf(target);
  const place = useRef<HTMLDivElement>(null);
  /** Another target was chosen, or another plan asked for: what is answered to an earlier one is too late. */
  const turn = useRef(0);
  const forget = () => {
    turn.current += 1;
    setBusy(false);
    setError(null);
    setMade(null);
  };
  const make = async () => {
    if (!request) return;
    forget();
    setBusy(true);
    const own = turn.current;
    const show = (shown: () => void) => {
      if (turn.current !== own) return;
      shown();
      setBusy(false);
    };
    try {
      const plan = await madeFor(request);
      show(() => setMade(plan));
    } catch (failure) {
      show(() => setError(noteFailure(failure)));
    }
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: each asking is one plan
  useEffect(() => {
    if (asked === 0) return;
    void make();
    place.current?.scrollIntoView({ block: "start" });
    place.current?.focus({ preventScroll: true });
  }, [asked]);
  return (
    <div ref={place} tabIndex={-1} className="plan-place">
      <Card title="Plan a restore" id={id}>
        <p className="hint">A plan changes nothing. The restore itself is ordered on the command line.</p>
        <form
          className="stack"
          onSubmit={(event: FormEvent) => {
            event.preventDefault();
            void make();
          }}
        >
          <TargetFields
            target={target}
            onTarget={(next) => {
              onTarget(next);
              forget();
            }}
          />
          <div className="buttons">
            <button type="submit" disabled={refused !== null || busy || !request}>
              {busy ? "Making the plan …" : "Make the plan"}
            </button>
            {refused !== null && <p className="hint">{refused}</p>}
          </div>
        </form>
        {error && <Failure error={error} what="There is no plan." />}
        <div role="status">{made && <Told made={made} readiness={readiness} />}</div>
      </Card>
    </div>
  );
}

async function madeFor(request: PlanRequest): Promise<Made> {
  const plan = await guardian.planRestore(request);
  return { request, plan, since: request.at === undefined ? null : await writtenSince(request.at) };
}

/** What people and applications did since is in the audit log, if the database answers. */
async function writtenSince(from: string): Promise<Made["since"]> {
  try {
    const { total, totalIsExact } = await guardian.listAudit({ from, limit: 1 });
    return { total, isExact: totalIsExact };
  } catch {
    return null; // it is a help, and no more
  }
}

function TargetFields({ target, onTarget }: Pick<PlanProps, "target" | "onTarget">) {
  const name = useId();
  const utc = target.kind === "time" ? requestOf(target)?.at : undefined;
  return (
    <fieldset className="stack">
      <legend>Back to which state?</legend>
      <div className="choices">
        <label className="check">
          <input
            type="radio"
            name={name}
            checked={target.kind === "latest"}
            onChange={() => onTarget({ kind: "latest" })}
          />
          The newest there is
        </label>
        <label className="check">
          <input
            type="radio"
            name={name}
            checked={target.kind === "time"}
            onChange={() => onTarget({ kind: "time", local: localField(Date.now() - 3_600_000) })}
          />
          A moment
        </label>
        {target.kind === "backup" && (
          <label className="check">
            <input type="radio" name={name} checked readOnly />
            The backup <code>{target.id}</code> as it is
          </label>
        )}
      </div>
      {target.kind === "time" && (
        <label className="field moment-field">
          <span>As it was at</span>
          <input
            type="datetime-local"
            step={1}
            value={target.local}
            required
            onChange={(event) => onTarget({ kind: "time", local: event.target.value })}
          />
          <small>
            {utc === undefined ? "Give date and time." : `${localMoment(Date.parse(utc))}, which is ${utcWords(utc)}`}
          </small>
        </label>
      )}
    </fieldset>
  );
}

function utcWords(at: string): string {
  return utcMoment(Date.parse(at)) ?? "also UTC";
}

function Told({ made: { request, plan, since }, readiness }: { made: Made; readiness: Readiness | null }) {
  if (plan.kind === "impossible") {
    return (
      <div className="failure">
        <p>
          <strong>This cannot be restored.</strong> {plan.message}
        </p>
        <p className="hint">{plan.hint}</p>
        {plan.earliest?.at && plan.latest?.at && (
          <p className="hint">
            What can be: from <Moment at={plan.earliest.at} /> to <Moment at={plan.latest.at} />.
          </p>
        )}
      </div>
    );
  }
  return (
    <div className="stack plan">
      <dl className="told-of">
        <div>
          <dt>Would be lost</dt>
          <dd>
            {leftOut(plan, request)}
            {since && (
              <p className="hint">
                The audit log has {since.isExact ? "" : "more than "}
                {counted(since.total, "entry", "entries")} since that moment.
              </p>
            )}
          </dd>
        </div>
        <div>
          <dt>Would take</dt>
          <dd>
            {readiness?.timeToRecover
              ? `About as long as the last time, ${lasting(readiness.timeToRecover.seconds)}, where there is as much to fetch and replay.`
              : "Not measured yet: a drill does."}
            <p className="hint">
              It writes some {size(plan.bytes)}: the backup and {counted(plan.walNeeded, "segment")} of WAL.{" "}
              {request.at === undefined && request.backup === undefined
                ? "PostgreSQL is stopped first, so that nothing more is written."
                : "The library goes on answering until the restored state is ready."}
            </p>
          </dd>
        </div>
        <div>
          <dt>From</dt>
          <dd>
            the backup of <Moment at={plan.backup.end.at} />, in {plan.locations.join(", ")}
          </dd>
        </div>
      </dl>
      {plan.warnings.map((warning) => (
        <p className="warnings" key={warning}>
          {warning}
        </p>
      ))}
      <Command text={commandOf(request)} />
      <details>
        <summary>Step by step</summary>
        <ol className="plan-steps">
          {plan.steps.map((step) => (
            <li key={step}>{step}</li>
          ))}
        </ol>
      </details>
    </div>
  );
}

function Command({ text }: { text: string }) {
  const shown = useRef<HTMLElement>(null);
  return (
    <div className="stack">
      <p>On the machine of the library; it needs neither the server nor a sign-in:</p>
      <div className="command-line">
        <code ref={shown}>{text}</code>
        <Copy text={text} shown={shown} name="the command" />
      </div>
      <p className="hint">
        In a clone it is <code>./bin/promptlib</code>. The present state is moved aside, not deleted, and put back if
        the restored one does not come up.
      </p>
    </div>
  );
}
