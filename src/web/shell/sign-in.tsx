import { type FormEvent, useState } from "react";
import type { PromptlibError } from "../../sdk/index.ts";
import { noteFailure } from "../calls.ts";
import { useConnection } from "../connection.ts";
import { refusalAtTheDoor } from "../connection-state.ts";
import { signIn } from "../session.ts";
import { Failure, isToldByBanner } from "./failure.tsx";
import { useTitle } from "./page.tsx";

export function SignIn({ ended }: { ended: boolean }) {
  useTitle("Sign in");
  const [error, setError] = useState<PromptlibError | null>(null);
  const [busy, setBusy] = useState(false);
  const refusal = refusalAtTheDoor(useConnection());
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    setBusy(true);
    setError(null);
    try {
      await signIn(String(given.get("username")).trim(), String(given.get("password")));
    } catch (problem) {
      setError(noteFailure(problem));
      setBusy(false);
    }
  };
  return (
    <main className="sign-in">
      <form className="card" onSubmit={submit}>
        <h1>
          <span className="mark" aria-hidden="true" />
          Prompt Library
        </h1>
        {ended && (
          <p role="status" className="note">
            Your session has ended. Sign in to go on where you were; what you had not saved is kept in this browser.
          </p>
        )}
        <label className="field">
          <span>User name</span>
          {/* biome-ignore lint/a11y/noAutofocus: it is all there is to do here */}
          <input name="username" autoComplete="username" autoCapitalize="none" spellCheck={false} required autoFocus />
        </label>
        <label className="field">
          <span>Password</span>
          <input name="password" type="password" autoComplete="current-password" required />
        </label>
        {error && (refusal === null || !isToldByBanner(error)) && <Failure error={error} hint={hintFor(error)} />}
        <button type="submit" className="primary" disabled={busy || refusal !== null}>
          {busy ? "Signing in …" : refusal ? "Signing in waits" : "Sign in"}
        </button>
        <p className="hint">
          The first administrator’s name and password were printed where the library was started. An operator makes a
          new password with <code>promptlib user reset NAME</code>.
        </p>
      </form>
    </main>
  );
}

/** The table’s hint speaks to programs, too. */
function hintFor({ code, hint }: PromptlibError): string {
  return code === "login_failed" ? "Check both; capital letters count in the password." : hint;
}
