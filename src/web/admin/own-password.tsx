/** Changing one’s own password. What is typed is gone as soon as it was sent, or when one leaves. */
import { type FormEvent, useId, useState } from "react";
import { clientOf } from "../calls.ts";
import { useWritesRefused } from "../connection.ts";
import { useDeed } from "../deed.ts";
import { Failure } from "../shell/failure.tsx";
import { Field } from "../shell/field.tsx";
import { say } from "../shell/notices.tsx";
import { fieldFaults } from "./field-faults.ts";

interface OwnPasswordProps {
  username: string;
  onChanged(): void;
}

export function OwnPassword({ username, onChanged }: OwnPasswordProps) {
  const id = useId();
  const [current, setCurrent] = useState("");
  const [password, setPassword] = useState("");
  const [isShown, setShown] = useState(false);
  const [tried, setTried] = useState(false);
  const refused = useWritesRefused();
  const deed = useDeed();
  const { faults, isWhole } = fieldFaults(deed.error, { current, password });
  const isWrong = deed.error?.code === "password_wrong";
  // What is not sent, because it would count as a guess, has its faults said all the same.
  const isMissing = tried && current === "";
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (current === "") return deed.clear();
    const done = await deed.attempt(() => clientOf(null).changePassword(current, password));
    if (!done) return;
    setTried(false);
    setCurrent("");
    setPassword("");
    say("Your password is changed. All other sessions have ended.");
    onChanged();
  };
  return (
    <form className="card stack" aria-labelledby={id} noValidate onSubmit={submit}>
      <h2 id={id}>Password</h2>
      {/* So that password managers know whose it is. */}
      <span className="unseen" aria-hidden>
        <input type="text" autoComplete="username" value={username} readOnly tabIndex={-1} />
      </span>
      <Field
        name="Your password until now"
        fault={isWrong ? "This is not your password." : (faults.current ?? (isMissing ? "This is needed." : undefined))}
      >
        {(control) => (
          <input
            {...control}
            type={isShown ? "text" : "password"}
            autoComplete="current-password"
            value={current}
            onChange={(event) => setCurrent(event.target.value)}
          />
        )}
      </Field>
      <Field
        name="The new one"
        fault={isMissing && password.length < 12 ? "A password has at least 12 characters." : faults.password}
        hint="At least 12 characters; a sentence is good."
      >
        {(control) => (
          <input
            {...control}
            type={isShown ? "text" : "password"}
            autoComplete="new-password"
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
        )}
      </Field>
      <label className="check">
        <input type="checkbox" checked={isShown} onChange={(event) => setShown(event.target.checked)} />
        <span>Show what I type</span>
      </label>
      {deed.error && isWhole && !isWrong && <Failure error={deed.error} what="Not changed." />}
      <div className="buttons">
        <button type="submit" className="primary" disabled={deed.busy || refused !== null}>
          {deed.busy ? "Changing …" : "Change it"}
        </button>
        <span className="hint">{refused ?? "All your other sessions end."}</span>
      </div>
    </form>
  );
}
