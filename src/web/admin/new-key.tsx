/** A new API key: what it may, until when; then the key itself, this once. */
import { type FormEvent, useState } from "react";
import type { CreatedKey } from "../../sdk/index.ts";
import { clientOf } from "../calls.ts";
import { useWritesRefused } from "../connection.ts";
import { type Deed, useDeed } from "../deed.ts";
import { Dialog, DialogButtons } from "../shell/dialog.tsx";
import { Failure } from "../shell/failure.tsx";
import { Field } from "../shell/field.tsx";
import { ExpiryChoice } from "./expiry-choice.tsx";
import { fieldFaults } from "./field-faults.ts";
import { type Expiry, expiresAt, scopesOf } from "./key-state.ts";
import { SecretShown } from "./secret-shown.tsx";

interface NewKeyProps {
  project: string;
  onMade(): void;
  onClose(): void;
}

export function NewKey({ project, onMade, onClose }: NewKeyProps) {
  const [made, setMade] = useState<CreatedKey | null>(null);
  const deed = useDeed();
  return (
    <Dialog title={made ? `The key ${made.name}` : "Create a key"} isHeld={deed.busy} onClose={onClose}>
      {made ? (
        <SecretShown name="API key" secret={made.key} onClose={onClose}>
          <p className="hint">
            Sent as <code>Authorization: Bearer …</code>, or given as <code>PROMPTLIB_API_KEY</code>. Keep it where
            secrets are kept, not in the source.
          </p>
        </SecretShown>
      ) : (
        <NewKeyForm
          project={project}
          deed={deed}
          onClose={onClose}
          onMade={(key) => {
            setMade(key);
            onMade();
          }}
        />
      )}
    </Dialog>
  );
}

interface NewKeyFormProps {
  project: string;
  deed: Deed;
  onMade(key: CreatedKey): void;
  onClose(): void;
}

function NewKeyForm({ project, deed, onMade, onClose }: NewKeyFormProps) {
  const [name, setName] = useState("");
  const [read, setRead] = useState(true);
  const [write, setWrite] = useState(false);
  const [labels, setLabels] = useState("");
  const [expiry, setExpiry] = useState<Expiry>({ kind: "days", days: 365 });
  const [tried, setTried] = useState(false);
  const refused = useWritesRefused();
  const scopes = scopesOf(read, write, labels);
  const { faults, isWhole } = fieldFaults(deed.error, { name, scopes: labels });
  const end = expiresAt(expiry, Date.now());
  const own = {
    name: name.trim() === "" ? "This is needed." : undefined,
    scopes: scopes.length === 0 ? "Choose at least one thing that it may do." : undefined,
    end: end === undefined ? "Choose a day that is not over." : undefined,
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (own.name || own.scopes || end === undefined) return;
    await deed.attempt(async () =>
      onMade(await clientOf(project).createKey({ name, scopes, ...(end === null ? {} : { expiresAt: end }) })),
    );
  };
  return (
    <form className="stack" noValidate onSubmit={submit}>
      <Field
        name="Name"
        fault={(tried ? own.name : undefined) ?? faults.name}
        hint="Which application, and where it runs."
      >
        {(control) => (
          <input
            {...control}
            value={name}
            maxLength={128}
            dir="auto"
            autoComplete="off"
            onChange={(event) => setName(event.target.value)}
          />
        )}
      </Field>
      <fieldset className="options">
        <legend>What it may do</legend>
        <label>
          <input type="checkbox" checked={read} onChange={(event) => setRead(event.target.checked)} />
          <span>
            <strong>read</strong> <small>fetches, renders, lists</small>
          </span>
        </label>
        <label>
          <input type="checkbox" checked={write} onChange={(event) => setWrite(event.target.checked)} />
          <span>
            <strong>write</strong> <small>also saves, moves labels that are not protected, imports, trashes</small>
          </span>
        </label>
      </fieldset>
      <Field
        name="Labels that it moves, also protected ones"
        fault={(tried ? own.scopes : undefined) ?? faults.scopes}
        hint="Separated by commas; may stay empty."
      >
        {(control) => (
          <input
            {...control}
            value={labels}
            placeholder="production"
            autoCapitalize="none"
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => setLabels(event.target.value)}
          />
        )}
      </Field>
      <ExpiryChoice expiry={expiry} fault={tried ? own.end : undefined} onChange={setExpiry} />
      {deed.error && isWhole && <Failure error={deed.error} what="No key was made." />}
      {refused !== null && <p className="hint">{refused}</p>}
      <DialogButtons disabled={deed.busy || refused !== null} isHeld={deed.busy} onClose={onClose}>
        Create
      </DialogButtons>
    </form>
  );
}
