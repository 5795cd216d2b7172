/** Somebody new: a name, perhaps a role, and a made-up password to pass on. */
import { type FormEvent, useState } from "react";
import type { Identity, PromptlibError, Role } from "../../sdk/index.ts";
import { clientOf, noteFailure } from "../calls.ts";
import { useWritesRefused } from "../connection.ts";
import { type Deed, useDeed } from "../deed.ts";
import { Dialog, DialogButtons } from "../shell/dialog.tsx";
import { Failure } from "../shell/failure.tsx";
import { Field } from "../shell/field.tsx";
import { fieldFaults } from "./field-faults.ts";
import { makePassword } from "./made-password.ts";
import { ROLES } from "./roles.tsx";
import { SecretShown } from "./secret-shown.tsx";

interface NewUserProps {
  identity: Identity;
  onMade(): void;
  onClose(): void;
}

interface Made {
  username: string;
  password: string;
  /** What the role came to, as a sentence. */
  role: string | null;
  /** The user is there, the role is not. */
  problem: PromptlibError | null;
}

export function NewUser({ identity, onMade, onClose }: NewUserProps) {
  const [made, setMade] = useState<Made | null>(null);
  const deed = useDeed();
  return (
    <Dialog title={made ? `${made.username} may sign in` : "Add a user"} isHeld={deed.busy} onClose={onClose}>
      {made ? (
        <SecretShown name={`Password of ${made.username}`} secret={made.password} onClose={onClose}>
          {made.role !== null && <p>{made.role}</p>}
          {made.problem && <Failure error={made.problem} what="The role was not given." />}
          <p className="hint">
            Pass it on in a way that others do not read, together with <code>{location.origin}</code>. Under Profile it
            is changed into one of their own.
          </p>
        </SecretShown>
      ) : (
        <NewUserForm
          identity={identity}
          deed={deed}
          onClose={onClose}
          onMade={(next) => {
            setMade(next);
            onMade();
          }}
        />
      )}
    </Dialog>
  );
}

interface NewUserFormProps extends Pick<NewUserProps, "identity" | "onClose"> {
  deed: Deed;
  onMade(made: Made): void;
}

function NewUserForm({ identity, deed, onMade, onClose }: NewUserFormProps) {
  const mine = projectsToGive(identity);
  const [username, setUsername] = useState("");
  const [operator, setOperator] = useState(false);
  const [project, setProject] = useState(mine[0]?.name ?? "");
  const [role, setRole] = useState<Role | "">(mine.length > 0 ? "editor" : "");
  const refused = useWritesRefused();
  const { faults, isWhole } = fieldFaults(deed.error, { username });
  const taken = deed.error?.code === "already_exists" ? `There is a user ${username.trim()} already.` : undefined;
  const mayMakeOwners = mine.find(({ name }) => name === project)?.isOwner ?? false;
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const name = username.trim();
    const password = makePassword();
    await deed.attempt(async () => {
      await clientOf(null).createUser({ username: name, password, ...(operator ? { operator } : {}) });
      const problem = role === "" ? null : await giveRole(project, name, role);
      onMade({
        username: name,
        password,
        role: role === "" || problem ? null : `${name} is ${role} in ${project}.`,
        problem,
      });
    });
  };
  return (
    <form className="stack" noValidate onSubmit={submit}>
      <Field name="User name" fault={faults.username ?? taken} hint="To sign in with: small letters, digits, . _ @ -">
        {(control) => (
          <input
            {...control}
            value={username}
            autoCapitalize="none"
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => {
              setUsername(event.target.value);
              deed.clear();
            }}
          />
        )}
      </Field>
      {mine.length > 0 && (
        <div className="pair">
          <label className="field">
            <span>Role</span>
            <select value={role} onChange={(event) => setRole(event.target.value as Role | "")}>
              <option value="">none yet</option>
              {ROLES.map((one) => (
                <option key={one.role} disabled={one.role === "owner" && !mayMakeOwners}>
                  {one.role}
                </option>
              ))}
            </select>
          </label>
          <label className="field">
            <span>in the project</span>
            <select value={project} disabled={role === ""} onChange={(event) => setProject(event.target.value)}>
              {mine.map(({ name }) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </label>
        </div>
      )}
      <label className="check">
        <input type="checkbox" checked={operator} onChange={(event) => setOperator(event.target.checked)} />
        <span>
          Operator <small>manages users, projects, maintenance and recovery of the whole library</small>
        </span>
      </label>
      <p className="hint">A password is made up and shown to you once.</p>
      {deed.error && isWhole && taken === undefined && <Failure error={deed.error} what="Nobody was added." />}
      {refused !== null && <p className="hint">{refused}</p>}
      <DialogButtons disabled={deed.busy || refused !== null} isHeld={deed.busy} onClose={onClose}>
        Add
      </DialogButtons>
    </form>
  );
}

/** Where this operator may give roles. */
function projectsToGive({ projects }: Identity): { name: string; isOwner: boolean }[] {
  return Object.entries(projects)
    .filter(([, role]) => role === "owner" || role === "admin")
    .map(([name, role]) => ({ name, isOwner: role === "owner" }))
    .sort((a, b) => Number(b.name === "default") - Number(a.name === "default") || a.name.localeCompare(b.name));
}

async function giveRole(project: string, username: string, role: Role): Promise<PromptlibError | null> {
  try {
    await clientOf(project).setMember(username, role);
    return null;
  } catch (problem) {
    return noteFailure(problem);
  }
}
