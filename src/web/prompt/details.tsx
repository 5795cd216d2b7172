/** What a prompt is for, and its tags: of the prompt, not of a version, so changing them makes none. */
import { type FormEvent, useState } from "react";
import type { PatchPrompt, Prompt, PromptlibError } from "../../sdk/index.ts";
import { clientOf, noteFailure } from "../calls.ts";
import { noteChange } from "../library/listing.ts";
import { Dialog, DialogButtons } from "../shell/dialog.tsx";
import { Failure } from "../shell/failure.tsx";
import { retagging, tagsOf, withTags } from "./tags.ts";

interface DetailsProps {
  prompt: Prompt;
  onClose(): void;
  onSaved(): void;
}

export function Details({ prompt, onClose, onSaved }: DetailsProps) {
  const { project, name } = prompt;
  const [opened] = useState(prompt);
  const [description, setDescription] = useState(prompt.description);
  const [typed, setTyped] = useState(prompt.tags.join(", "));
  /** As it was when somebody last looked at it here. */
  const [seen, setSeen] = useState(prompt.description);
  const [error, setError] = useState<PromptlibError | null>(null);
  const [saving, setSaving] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setSaving(true);
    try {
      const { prompt: present } = await clientOf(project).fetchPrompt(name);
      const isOthers = ![seen, description].includes(present.description);
      if (isOthers && description !== opened.description) {
        setSeen(present.description);
        setSaving(false);
        return;
      }
      const change = changeOf({ opened, present }, description, tagsOf(typed));
      if (Object.keys(change).length > 0) {
        const { tags, ...rest } = await clientOf(project).patchPrompt(name, change);
        noteChange(project, name, { tags, description: rest.description });
        onSaved();
      }
      onClose();
    } catch (problem) {
      setError(noteFailure(problem));
      setSaving(false);
    }
  };
  return (
    <Dialog title="Describe" onClose={onClose}>
      <form className="stack" onSubmit={submit}>
        <label className="field">
          <span>What is it for?</span>
          <textarea
            value={description}
            rows={2}
            maxLength={2000}
            dir="auto"
            onChange={(event) => setDescription(event.target.value)}
          />
        </label>
        <label className="field">
          <span>Tags, separated by commas</span>
          <input value={typed} dir="auto" onChange={(event) => setTyped(event.target.value)} />
        </label>
        {seen !== opened.description && (
          <div className="note" role="status">
            <p>Somebody described it meanwhile; what you save takes the place of this:</p>
            <p dir="auto">{seen === "" ? <em>nothing</em> : seen}</p>
          </div>
        )}
        {error && <Failure error={error} what="Not saved." />}
        <DialogButtons disabled={saving} onClose={onClose}>
          {saving ? "Saving …" : "Save"}
        </DialogButtons>
      </form>
    </Dialog>
  );
}

/** Only what was changed here, the tags of those there are now: what others tagged meanwhile stays. */
function changeOf(
  { opened, present }: { opened: Prompt; present: Prompt },
  description: string,
  tags: readonly string[],
): PatchPrompt {
  const retagged = retagging(opened.tags, tags);
  return {
    ...(description === opened.description ? {} : { description }),
    ...(retagged.add.length + retagged.remove.length > 0 ? { tags: withTags(present.tags, retagged) } : {}),
  };
}
