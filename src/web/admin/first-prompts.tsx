/** The first step: samples, what one has already, or a prompt written here. */
import { type FormEvent, useState } from "react";
import { nameFault } from "../../prompt/names.ts";
import { EVERYTHING } from "../address.ts";
import { clientOf } from "../calls.ts";
import { useWritesRefused } from "../connection.ts";
import { useDeed } from "../deed.ts";
import { forgetListings } from "../library/listing.ts";
import { Link } from "../navigation.tsx";
import { Failure } from "../shell/failure.tsx";
import { Field } from "../shell/field.tsx";
import { fieldFaults } from "./field-faults.ts";
import { SAMPLE, SAMPLE_PROMPTS } from "./sample-prompts.ts";

interface FirstPromptsProps {
  project: string;
  isDone: boolean;
  /** By its name: one that can be fetched as `production` now. */
  onSaved(name: string): void;
}

export function FirstPrompts({ project, isDone, onSaved }: FirstPromptsProps) {
  return (
    <li className="card stack step" data-done={isDone}>
      <h2>{isDone ? "There are prompts" : "Bring in prompts"}</h2>
      {isDone && (
        <p role="status">
          <Link to={{ at: "library", filter: EVERYTHING }}>Look at them in the library</Link>, or add more here.
        </p>
      )}
      <div className="halves">
        <WriteOne project={project} onSaved={onSaved} />
        <div className="stack">
          <Samples project={project} onSaved={onSaved} />
          <div className="stack">
            <h3>Bring along what you have</h3>
            <p className="hint">Files of many tools and formats; you see what will change before it does.</p>
            <div className="buttons">
              <Link className="button" to={{ at: "room", room: "import", query: {} }}>
                Import files
              </Link>
            </div>
          </div>
        </div>
      </div>
    </li>
  );
}

type StepProps = Pick<FirstPromptsProps, "project" | "onSaved">;

function Samples({ project, onSaved }: StepProps) {
  const refused = useWritesRefused();
  const deed = useDeed();
  const [isIn, setIn] = useState(false);
  // Again is as good as once: the same content makes no second version.
  const bring = async () => {
    const done = await deed.attempt(async () => {
      for (const prompt of SAMPLE_PROMPTS) await clientOf(project).savePrompt(prompt);
    });
    forgetListings();
    setIn(done);
    if (done) onSaved(SAMPLE);
  };
  return (
    <div className="stack">
      <h3>Take our samples</h3>
      <p className="hint">
        {SAMPLE_PROMPTS.length} small prompts below <code>samples/</code>: text and chat, variables, includes, settings.
        They go to the trash as easily as they come.
      </p>
      {deed.error && <Failure error={deed.error} what="Not all samples are there. Try again." />}
      <div className="buttons">
        <button type="button" disabled={deed.busy || isIn || refused !== null} onClick={bring}>
          {deed.busy ? "Saving …" : isIn ? "They are in the library" : "Import the samples"}
        </button>
        {refused !== null && <span className="hint">{refused}</span>}
      </div>
    </div>
  );
}

function WriteOne({ project, onSaved }: StepProps) {
  const [name, setName] = useState("hello");
  const [text, setText] = useState("Say hello to {{name}} in one sentence.");
  const refused = useWritesRefused();
  const deed = useDeed();
  const { faults, isWhole } = fieldFaults(deed.error, { name, text });
  const given = name.normalize("NFC");
  const fault = nameFault(given);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (fault !== null) return;
    const done = await deed.attempt(async () => {
      await clientOf(project).savePrompt({ name: given, text, labels: ["production"] });
    });
    if (!done) return;
    forgetListings();
    onSaved(given);
  };
  return (
    <form className="stack" aria-label="Write the first one" noValidate onSubmit={submit}>
      <h3>Write the first one</h3>
      <Field name="Name" fault={fault === null ? faults.name : `The name ${fault}.`}>
        {(control) => (
          <input
            {...control}
            value={name}
            dir="auto"
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => setName(event.target.value)}
          />
        )}
      </Field>
      <Field name="What it says" fault={faults.text} hint="{{name}} is a variable: the application gives its value.">
        {(control) => (
          <textarea
            {...control}
            className="code"
            rows={3}
            value={text}
            dir="auto"
            onChange={(event) => setText(event.target.value)}
          />
        )}
      </Field>
      {deed.error && isWhole && <Failure error={deed.error} what="Not saved." />}
      <div className="buttons">
        <button type="submit" className="primary" disabled={deed.busy || refused !== null || fault !== null}>
          {deed.busy ? "Saving …" : "Save for production"}
        </button>
        <Link to={{ at: "new" }}>Or in the whole editor</Link>
      </div>
      {refused !== null && <p className="hint">{refused}</p>}
    </form>
  );
}
