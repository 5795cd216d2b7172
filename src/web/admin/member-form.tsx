/** A role for somebody: who is not in the project yet, or has another one. */
import { type FormEvent, useId, useState } from "react";
import type { Member, Role } from "../../sdk/index.ts";
import { clientOf } from "../calls.ts";
import { useWritesRefused } from "../connection.ts";
import { useDeed } from "../deed.ts";
import { Link } from "../navigation.tsx";
import { Dialog, DialogButtons } from "../shell/dialog.tsx";
import { Failure } from "../shell/failure.tsx";
import { Field } from "../shell/field.tsx";
import { fieldFaults } from "./field-faults.ts";
import { useKnown } from "./known.tsx";
import { RoleChoice } from "./roles.tsx";

interface MemberFormProps {
  project: string;
  members: readonly Member[];
  /** null: somebody who is not in the project yet. */
  member: Member | null;
  isOperator: boolean;
  isOwner: boolean;
  isSelf: boolean;
  onDone(text: string, username: string): void;
  onClose(): void;
}

export function MemberForm(props: MemberFormProps) {
  const { project, members, member, isOperator, isOwner, isSelf, onDone, onClose } = props;
  const [username, setUsername] = useState(member?.username ?? "");
  const [role, setRole] = useState<Role>(member?.role ?? "editor");
  const refused = useWritesRefused();
  const deed = useDeed();
  const { faults, isWhole } = fieldFaults(deed.error, { username });
  const isIn = member === null && members.some((one) => one.username === username);
  const fault = isIn
    ? `${username} is in the project already.`
    : (faults.username ?? unknown(deed.error?.code, username));
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (isIn) return;
    const done = await deed.attempt(async () => {
      await clientOf(project).setMember(username.trim(), role);
    });
    if (done) onDone(`${username.trim()} is ${role} in ${project}.`, username.trim());
  };
  return (
    <Dialog
      title={member ? `The role of ${member.username}` : `Add a member to ${project}`}
      isHeld={deed.busy}
      onClose={onClose}
    >
      <form className="stack" noValidate onSubmit={submit}>
        {member === null && (
          <Field name="User name" fault={fault} hint={<WhereUsersComeFrom isOperator={isOperator} />}>
            {(control) => (
              <UserNameInput
                {...control}
                isOperator={isOperator}
                value={username}
                members={members}
                onChange={(value) => {
                  setUsername(value);
                  deed.clear();
                }}
              />
            )}
          </Field>
        )}
        <RoleChoice legend="Role" role={role} mayMakeOwners={isOwner} onChoose={setRole} />
        {isSelf && role !== member?.role && (
          <p className="note">This is you: with another role you may not be able to give yourself this one again.</p>
        )}
        {deed.error && isWhole && fault === undefined && <Failure error={deed.error} what="Not done." />}
        {refused !== null && <p className="hint">{refused}</p>}
        <DialogButtons
          disabled={deed.busy || refused !== null || role === member?.role}
          isHeld={deed.busy}
          onClose={onClose}
        >
          {member ? `Make ${member.username} ${role}` : "Add"}
        </DialogButtons>
      </form>
    </Dialog>
  );
}

function unknown(code: string | undefined, username: string): string | undefined {
  return code === "user_not_found" ? `There is no user ${username}.` : undefined;
}

function WhereUsersComeFrom({ isOperator }: { isOperator: boolean }) {
  if (!isOperator) return "As they sign in. An operator adds users.";
  return (
    <>
      As they sign in. Who has no account yet is added under{" "}
      <Link to={{ at: "room", room: "users", query: {} }}>Users</Link>.
    </>
  );
}

interface UserNameInputProps {
  isOperator: boolean;
  value: string;
  members: readonly Member[];
  onChange(value: string): void;
}

/** Operators, who may know all users, are offered them. */
function UserNameInput({ isOperator, value, members, onChange, ...control }: UserNameInputProps) {
  const id = useId();
  return (
    <>
      <input
        {...control}
        value={value}
        list={isOperator ? id : undefined}
        autoCapitalize="none"
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => onChange(event.target.value)}
      />
      {isOperator && <Others id={id} members={members} />}
    </>
  );
}

function Others({ id, members }: { id: string; members: readonly Member[] }) {
  const users = useKnown("users", () => clientOf(null).listUsers()).value?.value.items ?? [];
  const others = users.filter(({ username }) => !members.some((member) => member.username === username));
  return (
    <datalist id={id}>
      {others.map(({ username }) => (
        <option key={username} value={username} />
      ))}
    </datalist>
  );
}
