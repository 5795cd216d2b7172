import { type FormEvent, useState } from "react";
import type { Maintenance, SetMaintenance } from "../../sdk/index.ts";
import { clientOf } from "../calls.ts";
import { lookAgain } from "../connection.ts";
import { useDeed } from "../deed.ts";
import { Failure } from "../shell/failure.tsx";
import { Field } from "../shell/field.tsx";
import { say } from "../shell/notices.tsx";
import { Confirm } from "./confirm.tsx";
import { fieldFaults } from "./field-faults.ts";

type Mode = Exclude<Maintenance["mode"], "off">;

const MODES: readonly { mode: Mode; name: string; about: string }[] = [
  { mode: "read-only", name: "Read-only", about: "fetching, rendering and reading go on; every write is refused" },
  { mode: "closed", name: "Closed", about: "reading is refused, too: applications that ask get an error" },
];

interface MaintenanceFormProps {
  now: Maintenance;
  onSet(maintenance: Maintenance): void;
}

interface Typed {
  mode: Mode;
  message: string;
  end: string;
}

function asItIs({ mode, message, endsAt }: Maintenance): Typed {
  return {
    mode: mode === "off" ? "read-only" : mode,
    message,
    end: endsAt === null ? "" : fieldValue(new Date(endsAt)),
  };
}

export function MaintenanceForm({ now, onSet }: MaintenanceFormProps) {
  /** The other fields follow what other operators do. */
  const [typed, setTyped] = useState<Partial<Typed>>({});
  const { mode, message, end } = { ...asItIs(now), ...typed };
  const type = (part: Partial<Typed>) => setTyped((last) => ({ ...last, ...part }));
  const [isAsking, setAsking] = useState(false);
  const deed = useDeed();
  const { faults, isWhole } = fieldFaults(deed.error, { message, endsAt: end });
  const [badEnd, setBadEnd] = useState<string | undefined>();
  const endsAt = end === "" ? null : new Date(end);
  const set = async () => {
    const done = await deed.attempt(async () => {
      const next = await clientOf(null).setMaintenance(asked(mode, message, endsAt));
      onSet(next);
      setTyped((last) => (last === typed ? {} : last));
      say(`The library is ${mode} now.`);
      lookAgain();
    });
    if (done) setAsking(false);
  };
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const bad = endFault(event.currentTarget, endsAt);
    setBadEnd(bad);
    if (bad !== undefined) return;
    if (mode === "closed" && now.mode !== "closed") setAsking(true);
    else void set();
  };
  return (
    <>
      <form className="card stack" aria-label="Change it" noValidate onSubmit={submit}>
        <fieldset className="options">
          <legend>Mode</legend>
          {MODES.map((one) => (
            <label key={one.mode}>
              <input type="radio" name="mode" checked={mode === one.mode} onChange={() => type({ mode: one.mode })} />
              <span>
                <strong>{one.name}</strong> <small>{one.about}</small>
              </span>
            </label>
          ))}
        </fieldset>
        <Field
          name="Message for users"
          fault={faults.message}
          hint="In the banner of every page, and in every answer that refuses."
        >
          {(control) => (
            <textarea
              {...control}
              value={message}
              rows={2}
              maxLength={1000}
              dir="auto"
              placeholder="Moving to a new machine."
              onChange={(event) => type({ message: event.target.value })}
            />
          )}
        </Field>
        <Field
          name="Planned end"
          fault={badEnd ?? faults.endsAt}
          hint={`On the clock of this browser (${zone()}). May stay empty; it does not end by itself.`}
        >
          {(control) => (
            <input
              {...control}
              name="endsAt"
              type="datetime-local"
              value={end}
              onChange={(event) => type({ end: event.target.value })}
            />
          )}
        </Field>
        {deed.error && isWhole && !isAsking && <Failure error={deed.error} what="Nothing was changed." />}
        <div className="buttons">
          <button type="submit" className="primary" disabled={deed.busy}>
            {verb(mode, now.mode)}
          </button>
        </div>
      </form>
      {isAsking && (
        <Confirm
          title="Close the library?"
          verb="Close it"
          deed={deed}
          writes={false}
          onConfirm={set}
          onClose={() => setAsking(false)}
        >
          <p>
            From now on every application that fetches a prompt is refused, and nobody but operators signs in, until an
            operator ends it. Programs that use <code>promptlib/sdk</code> go on with what they hold.
          </p>
        </Confirm>
      )}
    </>
  );
}

/** Half a time is an empty value, which the field alone can tell from none. */
function endFault(form: HTMLFormElement, endsAt: Date | null): string | undefined {
  const field = form.elements.namedItem("endsAt");
  if (field instanceof HTMLInputElement && field.validity.badInput) return "This is no whole time yet.";
  return endsAt !== null && endsAt.getTime() <= Date.now() ? "This is over already." : undefined;
}

function asked(mode: Mode, message: string, endsAt: Date | null): SetMaintenance {
  return {
    mode,
    ...(message.trim() === "" ? {} : { message }),
    ...(endsAt === null ? {} : { endsAt: endsAt.toISOString() }),
  };
}

function verb(mode: Mode, before: Maintenance["mode"]): string {
  if (mode === before) return "Change message and end";
  return mode === "closed" ? "Close the library …" : "Make it read-only";
}

/** As the field takes it, on the clock of this browser. */
function fieldValue(at: Date): string {
  const local = new Date(at.getTime() - at.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}

function zone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}
