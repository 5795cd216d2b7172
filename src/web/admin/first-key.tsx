/** The second step: a key, and a command that works with it at once. Both are gone when one leaves. */
import { type FormEvent, useState } from "react";
import type { CreatedKey } from "../../sdk/index.ts";
import { clientOf } from "../calls.ts";
import { useWritesRefused } from "../connection.ts";
import { useDeed } from "../deed.ts";
import { Link } from "../navigation.tsx";
import { curlOf } from "../prompt/curl.ts";
import { Failure } from "../shell/failure.tsx";
import { Field } from "../shell/field.tsx";
import { Copyable } from "./copyable.tsx";
import { fieldFaults } from "./field-faults.ts";

interface FirstKeyProps {
  project: string;
  /** One that can be fetched; null: none yet. */
  prompt: string | null;
}

export function FirstKey({ project, prompt }: FirstKeyProps) {
  const [made, setMade] = useState<CreatedKey | null>(null);
  return (
    <li className="card stack step" data-done={made !== null}>
      <h2>Give an application a key</h2>
      {made ? <Made made={made} prompt={prompt} /> : <MakeIt project={project} onMade={setMade} />}
    </li>
  );
}

function MakeIt({ project, onMade }: { project: string; onMade(key: CreatedKey): void }) {
  const [name, setName] = useState("My first application");
  const refused = useWritesRefused();
  const deed = useDeed();
  const { faults, isWhole } = fieldFaults(deed.error, { name });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    return deed.attempt(async () => onMade(await clientOf(project).createKey({ name, scopes: ["read"] })));
  };
  return (
    <form className="stack" aria-label="Create a key" noValidate onSubmit={submit}>
      <p>
        An application fetches prompts with an API key. This one may read; others, and when they end, are made under{" "}
        <Link to={{ at: "room", room: "keys", query: {} }}>API keys</Link>.
      </p>
      <Field name="Name of the application" fault={faults.name}>
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
      {deed.error && isWhole && <Failure error={deed.error} what="No key was made." />}
      <div className="buttons">
        <button type="submit" className="primary" disabled={deed.busy || refused !== null}>
          Create a key
        </button>
        {refused !== null && <span className="hint">{refused}</span>}
      </div>
    </form>
  );
}

function Made({ made: { key }, prompt }: { made: CreatedKey; prompt: string | null }) {
  return (
    <>
      <p className="note" role="status">
        The key is shown this once: it is gone when you leave this page.
      </p>
      <Copyable name="API key" text={key} />
      {prompt === null ? (
        <p className="hint">As soon as there is a prompt, the command that fetches it stands here.</p>
      ) : (
        <>
          <p>
            This fetches <bdi>{prompt}</bdi> as applications do, with what <code>production</code> says now:
          </p>
          <Copyable
            name="Command"
            text={curlOf({ url: location.origin, key, name: prompt, label: "production", values: {} })}
          />
        </>
      )}
    </>
  );
}
