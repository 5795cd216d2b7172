/** One user, for operators: a new password, the right to sign in, the operator’s right, the sessions. */
import { useState } from "react";
import type { User } from "../../sdk/index.ts";
import { clientOf } from "../calls.ts";
import { useWritesRefused } from "../connection.ts";
import { type Deed, useDeed } from "../deed.ts";
import { Dialog } from "../shell/dialog.tsx";
import { say } from "../shell/notices.tsx";
import { ConfirmForm } from "./confirm.tsx";
import { SecretShown } from "./secret-shown.tsx";
import { UserSessions } from "./user-sessions.tsx";

interface OneUserProps {
  user: User;
  isSelf: boolean;
  onChanged(): void;
  onClose(): void;
}

type Step = "look" | "reset" | "disable" | "enable" | "operator" | "no operator";

export function OneUser(props: OneUserProps) {
  const { user, onClose } = props;
  const [step, setStep] = useState<Step>("look");
  const [password, setPassword] = useState<string | null>(null);
  const deed = useDeed();
  const back = () => {
    deed.clear();
    setStep("look");
  };
  if (password !== null) {
    return (
      <Dialog title={`${user.username} has a new password`} onClose={onClose}>
        <SecretShown name={`New password of ${user.username}`} secret={password} onClose={onClose}>
          <p className="hint">Pass it on in a way that others do not read. All sessions have ended.</p>
        </SecretShown>
      </Dialog>
    );
  }
  return (
    <Dialog title={step === "look" ? user.username : titleOf(step, user.username)} isHeld={deed.busy} onClose={onClose}>
      {step === "look" ? (
        <Overview {...props} onStep={setStep} />
      ) : (
        <Change {...props} step={step} deed={deed} onPassword={setPassword} onBack={back} />
      )}
    </Dialog>
  );
}

function titleOf(step: Step, username: string): string {
  switch (step) {
    case "reset":
      return `A new password for ${username}?`;
    case "disable":
      return `Disable ${username}?`;
    case "enable":
      return `Let ${username} sign in again?`;
    case "operator":
      return `Make ${username} operator?`;
    default:
      return `Take the operator’s right from ${username}?`;
  }
}

function Overview({ user, isSelf, onStep }: OneUserProps & { onStep(step: Step): void }) {
  const refused = useWritesRefused();
  const { username, operator, disabled, projects } = user;
  const roles = Object.entries(projects).map(([project, role]) => `${role} in ${project}`);
  const off = refused !== null || isSelf;
  return (
    <div className="stack">
      <p>
        {disabled ? "May not sign in. " : ""}
        {operator ? "Operator of the library. " : ""}
        {roles.length === 0 ? "In no project." : `${roles.join(", ")}.`}
      </p>
      <div className="buttons">
        <button type="button" disabled={off} onClick={() => onStep("reset")}>
          New password
        </button>
        <button type="button" disabled={off} onClick={() => onStep(disabled ? "enable" : "disable")}>
          {disabled ? "Enable" : "Disable"}
        </button>
        <button type="button" disabled={off} onClick={() => onStep(operator ? "no operator" : "operator")}>
          {operator ? "No operator any more" : "Make operator"}
        </button>
      </div>
      {isSelf ? (
        <p className="hint">This is you: your password is changed under Profile, the rest by another operator.</p>
      ) : (
        refused !== null && <p className="hint">{refused}</p>
      )}
      <UserSessions username={username} />
    </div>
  );
}

const DONE: Readonly<Record<Exclude<Step, "look" | "reset">, string>> = {
  disable: "is disabled.",
  enable: "may sign in again.",
  operator: "is operator.",
  "no operator": "is no operator any more.",
};

interface ChangeProps extends OneUserProps {
  step: Exclude<Step, "look">;
  deed: Deed;
  onPassword(password: string): void;
  onBack(): void;
}

function Change({ user: { username }, step, deed, onChanged, onPassword, onBack }: ChangeProps) {
  const client = clientOf(null);
  const confirm = () =>
    deed.attempt(async () => {
      if (step === "reset") return onPassword((await client.resetPassword(username)).password);
      await client.changeUser(username, change(step));
      say(`${username} ${DONE[step]}`);
      onChanged();
      onBack();
    });
  return (
    <ConfirmForm verb={verbOf(step)} deed={deed} isHeld={deed.busy} onConfirm={confirm} onClose={onBack}>
      <p>{whatHappens(step, username)}</p>
    </ConfirmForm>
  );
}

function change(step: Exclude<Step, "look" | "reset">) {
  if (step === "disable" || step === "enable") return { disabled: step === "disable" };
  return { operator: step === "operator" };
}

function verbOf(step: Step): string {
  const verbs = { reset: "Make a new password", disable: "Disable", enable: "Enable", operator: "Make operator" };
  return step in verbs ? verbs[step as keyof typeof verbs] : "Take it";
}

function whatHappens(step: Step, username: string): string {
  switch (step) {
    case "reset":
      return `The password until now works no more, and all sessions of ${username} end. The new one is shown to you once.`;
    case "disable":
      return `${username} cannot sign in any more, and all sessions end at once. Roles and what was written stay; API keys go on working. It can be taken back.`;
    case "enable":
      return `${username} may sign in with the same password and roles as before.`;
    case "operator":
      return `${username} then manages users, projects, maintenance and recovery of the whole library, and reads the whole audit log. The sessions end, so that new ones carry the right.`;
    default:
      return `${username} keeps the roles in projects, and no more than that. All sessions end at once.`;
  }
}
