/** What is done to a whole prompt: another name, another one like it, another project, the trash. */
import { type FormEvent, type ReactNode, useState } from "react";
import { nameFault } from "../../prompt/names.ts";
import type { Prompt } from "../../sdk/index.ts";
import { clientOf, useLoaded } from "../calls.ts";
import { useDeed, useIsHere } from "../deed.ts";
import { forgetListings } from "../library/listing.ts";
import { Dialog, DialogButtons } from "../shell/dialog.tsx";
import { Failure } from "../shell/failure.tsx";
import { say } from "../shell/notices.tsx";

/** The prompt to go on at. */
export interface Next {
  name: string;
  project?: string;
}

interface DeedProps {
  prompt: Prompt;
  onClose(): void;
  /** Only if one waited for it. null: the prompt is none any more. */
  onDone(next: Next | null): void;
}

interface AskProps extends Pick<DeedProps, "onClose" | "onDone"> {
  title: string;
  deed: string;
  isDisabled?: boolean;
  children: ReactNode;
  /** Answers what is said of it, and where to go on. */
  run(): Promise<{ said: string; next: Next | null }>;
}

/** A form in a dialog that stays, with the reason, when it did not work. */
function Ask({ title, deed, isDisabled = false, children, onClose, onDone, run }: AskProps) {
  const { busy, error, attempt } = useDeed();
  const isHere = useIsHere();
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    await attempt(async () => {
      const { said, next } = await run();
      forgetListings();
      say(said);
      if (isHere()) onDone(next);
    });
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form className="stack" onSubmit={submit}>
        {children}
        {error && <Failure error={error} what="Not done." />}
        <DialogButtons disabled={isDisabled || busy} onClose={onClose}>
          {busy ? "One moment …" : deed}
        </DialogButtons>
      </form>
    </Dialog>
  );
}

function NameField({ title, value, onType }: { title: string; value: string; onType(name: string): void }) {
  const fault = value === "" ? null : nameFault(value.normalize("NFC"));
  return (
    <label className="field">
      <span>{title}</span>
      <input
        value={value}
        required
        dir="auto"
        autoComplete="off"
        spellCheck={false}
        aria-invalid={fault !== null}
        onChange={(event) => onType(event.target.value)}
      />
      <small className="fault" role="status">
        {fault && `The name ${fault}.`}
      </small>
    </label>
  );
}

export function RenamePrompt({ prompt, onClose, onDone }: DeedProps) {
  const [name, setName] = useState(prompt.name);
  const to = name.normalize("NFC");
  return (
    <Ask
      title="Rename, or move to another folder"
      deed="Rename"
      isDisabled={to === prompt.name || nameFault(to) !== null}
      onClose={onClose}
      onDone={onDone}
      run={async () => {
        await clientOf(prompt.project).renamePrompt(prompt.name, to);
        return { said: `It is called ${to} now; ${prompt.name} goes on answering.`, next: { name: to } };
      }}
    >
      <NameField title="Name; a / makes folders" value={name} onType={setName} />
      <p className="hint">Applications that fetch it by the old name go on doing so.</p>
    </Ask>
  );
}

export function DuplicatePrompt({ prompt, onClose, onDone }: DeedProps) {
  const [name, setName] = useState(`${prompt.name} copy`);
  const to = name.normalize("NFC");
  return (
    <Ask
      title={`Duplicate version ${prompt.version}`}
      deed="Duplicate"
      isDisabled={to === prompt.name || nameFault(to) !== null}
      onClose={onClose}
      onDone={onDone}
      run={async () => {
        await clientOf(prompt.project).duplicatePrompt(prompt.name, to, { version: prompt.version });
        return { said: `${to} says what version ${prompt.version} of ${prompt.name} does.`, next: { name: to } };
      }}
    >
      <NameField title="Name of the new prompt" value={name} onType={setName} />
      <p className="hint">Description and tags come along; labels and other versions do not.</p>
    </Ask>
  );
}

export function MoveToProject({ prompt, onClose, onDone }: DeedProps) {
  const { value, error } = useLoaded("projects", () => clientOf(prompt.project).listProjects());
  const others =
    value?.items.filter(({ name, role }) => name !== prompt.project && role !== null && role !== "viewer") ?? [];
  const [project, setProject] = useState("");
  return (
    <Ask
      title="Move to another project"
      deed={project === "" ? "Move" : `Move to ${project}`}
      isDisabled={project === ""}
      onClose={onClose}
      onDone={onDone}
      run={async () => {
        await clientOf(prompt.project).movePrompt(prompt.name, { project });
        return { said: `${prompt.name} is in the project ${project}.`, next: { name: prompt.name, project } };
      }}
    >
      {!value && error ? (
        <Failure error={error} what="The projects cannot be shown now." />
      ) : value && others.length === 0 ? (
        <p>There is no other project in which you may write.</p>
      ) : (
        <label className="field">
          <span>To which one?</span>
          <select value={project} onChange={(event) => setProject(event.target.value)}>
            <option value="">Choose a project</option>
            {others.map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
      )}
      <p className="hint">
        It goes with its history. Applications of {prompt.project} reach it no more; what it was here stays in the
        trash.
      </p>
    </Ask>
  );
}

export function TrashPrompt({ prompt, onClose, onDone }: DeedProps) {
  const labels = prompt.labels.filter((label) => label !== "latest");
  return (
    <Ask
      title="Move to the trash"
      deed="Move to the trash"
      onClose={onClose}
      onDone={onDone}
      run={async () => {
        await clientOf(prompt.project).trashPrompt(prompt.name);
        return { said: `${prompt.name} is in the trash.`, next: null };
      }}
    >
      <p>
        <bdi>{prompt.name}</bdi> goes into the trash with its{" "}
        {prompt.newest === 1 ? "version" : `${prompt.newest} versions`}
        {labels.length > 0 && ` and labels (${labels.join(", ")})`}. It can be brought back; until then applications
        that fetch it get an error.
      </p>
    </Ask>
  );
}
