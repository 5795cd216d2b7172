/** Everybody who may sign in to this library: for operators. */
import { useState } from "react";
import type { User } from "../../sdk/index.ts";
import { clientOf } from "../calls.ts";
import { useWritesRefused } from "../connection.ts";
import { useLookedAgain } from "../looked-again.ts";
import { type RoomProps, useTitle } from "../shell/page.tsx";
import { When } from "../shell/when.tsx";
import { NotCurrent, useKnown } from "./known.tsx";
import { NewUser } from "./new-user.tsx";
import { FOR_OPERATORS, NotYours } from "./not-yours.tsx";
import { OneUser } from "./one-user.tsx";

export default function UsersPage({ identity }: RoomProps) {
  if (!identity.operator) return <NotYours title="Users" needs={FOR_OPERATORS} />;
  return <Users identity={identity} />;
}

function Users({ identity }: Pick<RoomProps, "identity">) {
  useTitle("Users");
  const refused = useWritesRefused();
  const known = useKnown("users", () => clientOf(null).listUsers());
  useLookedAgain(known);
  const [open, setOpen] = useState<"new" | { username: string } | null>(null);
  const users = known.value?.value.items ?? [];
  const shown = typeof open === "object" && open !== null ? users.find((one) => one.username === open.username) : null;
  return (
    <>
      <div className="page-head">
        <div>
          <h1 tabIndex={-1}>Users</h1>
          <p className="hint">Everybody who may sign in. What they may do in a project is said under Members.</p>
        </div>
        <button type="button" className="primary" disabled={refused !== null} onClick={() => setOpen("new")}>
          Add a user
        </button>
      </div>
      {refused !== null && <p className="hint">{refused}</p>}
      <NotCurrent known={known} what="The users" />
      {users.length > 0 && (
        <ul className="things" aria-label="Users">
          {users.map((user) => (
            <li key={user.username}>
              <UserRow
                user={user}
                isSelf={user.username === identity.name}
                onOpen={() => setOpen({ username: user.username })}
              />
            </li>
          ))}
        </ul>
      )}
      {open === "new" && <NewUser identity={identity} onClose={() => setOpen(null)} onMade={known.reload} />}
      {shown && (
        <OneUser
          user={shown}
          isSelf={shown.username === identity.name}
          onClose={() => setOpen(null)}
          onChanged={known.reload}
        />
      )}
    </>
  );
}

function UserRow({ user, isSelf, onOpen }: { user: User; isSelf: boolean; onOpen(): void }) {
  const { username, operator, disabled, projects, createdAt } = user;
  const roles = Object.entries(projects).map(([project, role]) => `${role} in ${project}`);
  return (
    <>
      <span className="thing-name">
        <bdi>{username}</bdi>
        {isSelf && <span className="chip tag">you</span>}
        {operator && <span className="chip label">operator</span>}
        {disabled && <span className="chip ended">disabled</span>}
      </span>
      <span className="thing-about">
        {roles.length === 0 ? "in no project" : roles.join(", ")}
        <small>
          {" "}
          · added <When at={createdAt} />
        </small>
      </span>
      <span className="thing-deeds">
        <button type="button" onClick={onOpen} aria-label={`Manage ${username}`}>
          Manage
        </button>
      </span>
    </>
  );
}
