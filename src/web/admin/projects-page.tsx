/** The projects that one is in; an operator sees all of them, and makes new ones. */
import { type FormEvent, useState } from "react";
import type { Project } from "../../sdk/index.ts";
import { EVERYTHING } from "../address.ts";
import { clientOf } from "../calls.ts";
import { useWritesRefused } from "../connection.ts";
import { useDeed } from "../deed.ts";
import { useLookedAgain } from "../looked-again.ts";
import { Link } from "../navigation.tsx";
import { findSession } from "../session.ts";
import { Dialog, DialogButtons } from "../shell/dialog.tsx";
import { Failure } from "../shell/failure.tsx";
import { Field } from "../shell/field.tsx";
import { say } from "../shell/notices.tsx";
import { type RoomProps, useTitle } from "../shell/page.tsx";
import { When } from "../shell/when.tsx";
import { fieldFaults } from "./field-faults.ts";
import { NotCurrent, useKnown } from "./known.tsx";

export default function ProjectsPage({ identity }: RoomProps) {
  useTitle("Projects");
  const refused = useWritesRefused();
  const known = useKnown("projects", () => clientOf(null).listProjects());
  useLookedAgain(known);
  const [isMaking, setMaking] = useState(false);
  const projects = known.value?.value.items ?? [];
  return (
    <>
      <div className="page-head">
        <div>
          <h1 tabIndex={-1}>Projects</h1>
          <p className="hint">Each has prompts, members and API keys of its own, and sees nothing of the others.</p>
        </div>
        {identity.operator && (
          <button type="button" className="primary" disabled={refused !== null} onClick={() => setMaking(true)}>
            Make a project
          </button>
        )}
      </div>
      {identity.operator && refused !== null && <p className="hint">{refused}</p>}
      <NotCurrent known={known} what="The projects" />
      {known.value && projects.length === 0 && (
        <p className="hint">You are in no project. An owner or admin of a project takes you in.</p>
      )}
      {projects.length > 0 && (
        <ul className="things" aria-label="Projects">
          {projects.map((project) => (
            <ProjectRow key={project.name} project={project} />
          ))}
        </ul>
      )}
      {isMaking && <NewProject onMade={known.reload} onClose={() => setMaking(false)} />}
    </>
  );
}

function ProjectRow({ project: { name, description, role, createdAt } }: { project: Project }) {
  const isManaged = role === "owner" || role === "admin";
  return (
    <li>
      <span className="thing-name">
        {role === null ? (
          <bdi>{name}</bdi>
        ) : (
          <Link project={name} to={{ at: "library", filter: EVERYTHING }}>
            <bdi>{name}</bdi>
          </Link>
        )}
        <span className="chip tag">{role ?? "you have no role in it"}</span>
      </span>
      <span className="thing-about">
        {description !== "" && <bdi>{description}</bdi>}
        <small>
          {description === "" ? "" : " · "}made <When at={createdAt} />
        </small>
      </span>
      {role !== null && (
        <span className="thing-deeds">
          <Link
            className="button"
            project={name}
            to={{ at: "room", room: "members", query: {} }}
            aria-label={`Members of ${name}`}
          >
            Members
          </Link>
          {isManaged && (
            <Link
              className="button"
              project={name}
              to={{ at: "room", room: "keys", query: {} }}
              aria-label={`API keys of ${name}`}
            >
              API keys
            </Link>
          )}
        </span>
      )}
    </li>
  );
}

function NewProject({ onMade, onClose }: { onMade(): void; onClose(): void }) {
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const refused = useWritesRefused();
  const deed = useDeed();
  const { faults, isWhole } = fieldFaults(deed.error, { name, description });
  const taken = deed.error?.code === "already_exists" ? `There is a project ${name.trim()} already.` : undefined;
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const done = await deed.attempt(async () => {
      await clientOf(null).createProject({ name: name.trim(), description });
    });
    if (!done) return;
    say(`The project ${name.trim()} is there; you are its owner.`);
    // What one is in has changed.
    await findSession().catch(() => {});
    onMade();
    onClose();
  };
  return (
    <Dialog title="Make a project" isHeld={deed.busy} onClose={onClose}>
      <form className="stack" noValidate onSubmit={submit}>
        <Field name="Name" fault={faults.name ?? taken} hint="Small letters, digits and -. It cannot be changed later.">
          {(control) => (
            <input
              {...control}
              value={name}
              autoCapitalize="none"
              autoComplete="off"
              spellCheck={false}
              onChange={(event) => {
                setName(event.target.value);
                deed.clear();
              }}
            />
          )}
        </Field>
        <Field name="What is it for?" fault={faults.description}>
          {(control) => (
            <textarea
              {...control}
              value={description}
              rows={2}
              maxLength={2000}
              dir="auto"
              onChange={(event) => setDescription(event.target.value)}
            />
          )}
        </Field>
        {deed.error && isWhole && taken === undefined && <Failure error={deed.error} what="No project was made." />}
        {refused !== null && <p className="hint">{refused}</p>}
        <DialogButtons disabled={deed.busy || refused !== null} isHeld={deed.busy} onClose={onClose}>
          Make it
        </DialogButtons>
      </form>
    </Dialog>
  );
}
