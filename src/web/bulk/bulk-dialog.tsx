/** Something for many prompts: what it shall be, what would happen to each, and what became of each. */
import { type FormEvent, useMemo, useState } from "react";
import type { PromptSummary } from "../../sdk/index.ts";
import { useWritesRefused } from "../connection.ts";
import { Dialog } from "../shell/dialog.tsx";
import type { Access } from "../shell/page.tsx";
import { BulkFields, type BulkForm, bulkOf, useProtection } from "./bulk-fields.tsx";
import { type Bulk, commonFolder, type Plan, planBulk } from "./deeds.ts";
import { type Outcome, type Running, useRunning } from "./running.ts";

interface BulkDialogProps {
  access: Access;
  kind: Bulk["kind"];
  prompts: readonly PromptSummary[];
  /** `changed`: something was done. */
  onClose(changed: boolean): void;
}

const TITLES = {
  label: "Put a label on",
  tag: "Change the tags of",
  move: "Move",
  trash: "Move to the trash:",
} as const;
/** Tags touch no label. */
const NONE: PromptSummary[] = [];
/** The rest is counted. */
const SHOWN = 200;

export function countOf(number: number): string {
  return `${number.toLocaleString("en")} ${number === 1 ? "prompt" : "prompts"}`;
}

export function BulkDialog({ access, kind, prompts, onClose }: BulkDialogProps) {
  const running = useRunning(access.project);
  const [form, setForm] = useState<BulkForm>(() => ({
    label: "",
    from: "latest",
    add: "",
    remove: "",
    folder: commonFolder(prompts),
    sure: false,
  }));
  const refused = useWritesRefused();
  const bulk = bulkOf(kind, form);
  const plans = useMemo(() => (bulk ? planBulk(bulk, prompts) : []), [bulk, prompts]);
  const todo = plans.filter(({ plan }) => "does" in plan).map(({ prompt }) => prompt);
  const protection = useProtection(access, kind === "label" ? form.label : null, kind === "tag" ? NONE : prompts);
  const blocked =
    refused ?? protection.blocked ?? (protection.confirm && !form.sure ? "Confirm it above first." : null);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (bulk && blocked === null) void running.start(bulk, todo);
  };
  const { outcomes, isRunning } = running;
  return (
    <Dialog
      title={`${TITLES[kind]} ${countOf(prompts.length)}`}
      onClose={() => (isRunning ? running.stop() : onClose(outcomes !== null))}
    >
      {outcomes ? (
        <Outcomes
          running={running}
          outcomes={outcomes}
          onClose={() => onClose(true)}
          onAgain={(names) =>
            bulk &&
            running.start(
              bulk,
              prompts.filter(({ name }) => names.includes(name)),
            )
          }
        />
      ) : (
        <form className="stack" onSubmit={submit}>
          <BulkFields
            access={access}
            kind={kind}
            prompts={prompts}
            form={form}
            onChange={(part) => setForm({ ...form, ...part })}
          />
          {protection.confirm && (
            <label className="check note">
              <input
                type="checkbox"
                checked={form.sure}
                onChange={(event) => setForm({ ...form, sure: event.target.checked })}
              />
              <span>{protection.confirm}</span>
            </label>
          )}
          {bulk && <Plans plans={plans} />}
          <div className="buttons">
            <button
              type="submit"
              className={kind === "trash" ? "danger" : "primary"}
              disabled={!bulk || todo.length === 0 || blocked !== null}
            >
              {kind === "trash"
                ? "Move to the trash"
                : kind === "move"
                  ? "Move"
                  : kind === "tag"
                    ? "Change"
                    : "Put it on"}{" "}
              {todo.length === prompts.length || !bulk ? "" : `(${todo.length})`}
            </button>
            <button type="button" onClick={() => onClose(false)}>
              Leave it
            </button>
            {blocked && <span className="hint">{blocked}</span>}
          </div>
        </form>
      )}
    </Dialog>
  );
}

function Plans({ plans }: { plans: ReturnType<typeof planBulk> }) {
  return (
    <section aria-label="What will happen" className="outcomes">
      <h3>What will happen</h3>
      <Lines lines={plans.map(({ prompt, plan }) => ({ name: prompt.name, ...said(plan) }))} />
    </section>
  );
}

function said(plan: Plan): { text: string; state: string } {
  if ("does" in plan) return { text: plan.does, state: "will" };
  return "skip" in plan ? { text: plan.skip, state: "skip" } : { text: `left out: ${plan.fault}`, state: "failed" };
}

interface OutcomesProps {
  running: Running;
  outcomes: ReadonlyMap<string, Outcome>;
  onClose(): void;
  onAgain(names: string[]): void;
}

function Outcomes({ running, outcomes, onClose, onAgain }: OutcomesProps) {
  const all = [...outcomes];
  const of = (state: Outcome["state"]) => all.filter(([, outcome]) => outcome.state === state);
  const [done, failed, waiting] = [of("done"), of("failed"), of("waiting")];
  const told = [
    `${countOf(done.length)} done`,
    ...(failed.length > 0 ? [`${failed.length} not`] : []),
    ...(waiting.length > 0 ? [`${waiting.length} ${running.isRunning ? "to come" : "not tried"}`] : []),
  ].join(", ");
  const open = [...failed, ...waiting].map(([name]) => name);
  return (
    <div className="stack">
      <p role="status">{told}.</p>
      <progress aria-label="How far it is" value={all.length - waiting.length} max={all.length} />
      <section aria-label="What became of each" className="outcomes">
        <Lines lines={[...failed, ...waiting, ...done].map(([name, outcome]) => ({ name, ...became(outcome) }))} />
      </section>
      <div className="buttons">
        {running.isRunning ? (
          <button type="button" onClick={running.stop}>
            Stop
          </button>
        ) : (
          <>
            <button type="button" className="primary" onClick={onClose}>
              Close
            </button>
            {open.length > 0 && done.length > 0 && (
              <button type="button" onClick={() => onAgain(open)}>
                Try the other {open.length} again
              </button>
            )}
            {done.length > 0 && (
              <button type="button" onClick={() => void running.undo()}>
                Undo
              </button>
            )}
          </>
        )}
      </div>
    </div>
  );
}

function became(outcome: Outcome): { text: string; state: string } {
  if (outcome.state === "waiting") return { text: "…", state: "skip" };
  return outcome.state === "done" ? { text: outcome.done.said, state: "done" } : { text: outcome.why, state: "failed" };
}

function Lines({ lines }: { lines: readonly { name: string; text: string; state: string }[] }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls takes the focus
    <ul className="lines" tabIndex={0} aria-label="Prompts">
      {lines.slice(0, SHOWN).map(({ name, text, state }) => (
        <li key={name} data-state={state}>
          <bdi>{name}</bdi> <span>{text}</span>
        </li>
      ))}
      {lines.length > SHOWN && <li>and {(lines.length - SHOWN).toLocaleString("en")} more</li>}
    </ul>
  );
}
