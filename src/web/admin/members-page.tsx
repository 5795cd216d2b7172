/** Who is in the project, and as what. */
import { useState } from "react";
import type { Member } from "../../sdk/index.ts";
import { clientOf } from "../calls.ts";
import { useWritesRefused } from "../connection.ts";
import { useDeed } from "../deed.ts";
import { useLookedAgain } from "../looked-again.ts";
import { findSession } from "../session.ts";
import { say } from "../shell/notices.tsx";
import { type Access, type RoomProps, useTitle } from "../shell/page.tsx";
import { Confirm } from "./confirm.tsx";
import { NotCurrent, useKnown } from "./known.tsx";
import { MemberForm } from "./member-form.tsx";
import { forAdmins, NotYours } from "./not-yours.tsx";

export default function MembersPage({ access, identity }: RoomProps) {
  if (!access) return <NotYours title="Members" needs={forAdmins(null)} />;
  return <Members key={access.project} access={access} isOperator={identity.operator} />;
}

type Open = { what: "add" } | { what: "change" | "remove"; member: Member };

function Members({ access, isOperator }: { access: Access; isOperator: boolean }) {
  const { project, user, mayAdmin } = access;
  useTitle(`Members of ${project}`);
  const refused = useWritesRefused();
  const known = useKnown(`members ${project}`, () => clientOf(project).listMembers());
  useLookedAgain(known);
  const [open, setOpen] = useState<Open | null>(null);
  const members = known.value?.value.items ?? [];
  const isOwner = access.role === "owner";
  const owners = members.filter(({ role }) => role === "owner").length;
  const changed = (text: string, username: string) => {
    setOpen(null);
    say(text);
    known.reload();
    // What the menu and the pages offer follows one’s own role.
    if (username === user) void findSession().catch(() => {});
  };
  /** Why this one stays as it is. */
  const bound = ({ role }: Member) => {
    if (role !== "owner") return refused;
    if (!isOwner) return "Only an owner changes an owner.";
    return owners === 1 ? "The last owner stays: make another one first." : refused;
  };
  return (
    <>
      <div className="page-head">
        <div>
          <h1 tabIndex={-1}>Members</h1>
          <p className="hint">
            Who may do what in the project <bdi>{project}</bdi>.
          </p>
        </div>
        {mayAdmin && (
          <button
            type="button"
            className="primary"
            disabled={refused !== null}
            onClick={() => setOpen({ what: "add" })}
          >
            Add a member
          </button>
        )}
      </div>
      {mayAdmin && refused !== null && <p className="hint">{refused}</p>}
      <NotCurrent known={known} what="The members" />
      {known.value && members.length === 0 && <p className="hint">Nobody is in this project yet.</p>}
      {members.length > 0 && (
        <ul className="things" aria-label="Members">
          {members.map((member) => (
            <li key={member.username}>
              <span className="thing-name">
                <bdi>{member.username}</bdi>
                {member.username === user && <span className="chip tag">you</span>}
              </span>
              <span className="thing-about">
                {member.role}
                {mayAdmin && bound(member) !== refused && <small> · {bound(member)}</small>}
              </span>
              {mayAdmin && (
                <MemberButtons member={member} bound={bound(member)} onOpen={(what) => setOpen({ what, member })} />
              )}
            </li>
          ))}
        </ul>
      )}
      {open && open.what !== "remove" && (
        <MemberForm
          project={project}
          members={members}
          member={open.what === "change" ? open.member : null}
          isOperator={isOperator}
          isOwner={isOwner}
          isSelf={open.what === "change" && open.member.username === user}
          onClose={() => setOpen(null)}
          onDone={changed}
        />
      )}
      {open?.what === "remove" && (
        <Remove
          project={project}
          member={open.member}
          isSelf={open.member.username === user}
          onDone={changed}
          onClose={() => setOpen(null)}
        />
      )}
    </>
  );
}

interface MemberButtonsProps {
  member: Member;
  bound: string | null;
  onOpen(what: "change" | "remove"): void;
}

function MemberButtons({ member: { username }, bound, onOpen }: MemberButtonsProps) {
  return (
    <span className="thing-deeds">
      {(["change", "remove"] as const).map((what) => (
        <button
          key={what}
          type="button"
          disabled={bound !== null}
          onClick={() => onOpen(what)}
          aria-label={what === "change" ? `Change role of ${username}` : `Take out ${username}`}
        >
          {what === "change" ? "Change role" : "Take out"}
        </button>
      ))}
    </span>
  );
}

interface RemoveProps {
  project: string;
  member: Member;
  isSelf: boolean;
  onDone(text: string, username: string): void;
  onClose(): void;
}

function Remove({ project, member: { username, role }, isSelf, onDone, onClose }: RemoveProps) {
  const deed = useDeed();
  const remove = async () => {
    if (await deed.attempt(() => clientOf(project).removeMember(username))) {
      onDone(`${username} is not in ${project} any more.`, username);
    }
  };
  return (
    <Confirm
      title={`Take ${username} out of ${project}?`}
      verb="Take out"
      deed={deed}
      onConfirm={remove}
      onClose={onClose}
    >
      <p>
        {isSelf ? (
          "You lose"
        ) : (
          <>
            <bdi>{username}</bdi> loses
          </>
        )}{" "}
        the role {role} at once: the project is invisible then. What {isSelf ? "you" : "they"} wrote stays, and so do
        the API keys of the project.
        {isSelf && " Only somebody else can take you in again."}
      </p>
    </Confirm>
  );
}
