/** What a prompt is for, and its tags: of the prompt, not of a version, so changing them makes none. */
import { type FormEvent, useState } from "react";
import type { Prompt, PromptlibError } from "../../sdk/index.ts";
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
    const isDescribed = description !== opened.description;
    const retagged = retagging(opened.tags, tagsOf(typed));
    const isRetagged = retagged.add.length + retagged.remove.length > 0;
    if (!isDescribed && !isRetagged) return onClose();
    setSaving(true);
    try {
      const { prompt: present } = await clientOf(project).fetchPrompt(name);
      if (isDescribed && ![seen, description].includes(present.description)) {
        setSeen(present.description);
        setSaving(false);
        return;
      }
      // Only what was changed here, the tags of those there are now: what others described meanwhile stays.
      const { tags, ...rest } = await clientOf(project).patchPrompt(name, {
        ...(isDescribed ? { description } : {}),
        ...(isRetagged ? { tags: withTags(present.tags, retagged) } : {}),
      });
      noteChange(project, name, { tags, description: rest.description });
      onSaved();
      onClose();
    } catch (problem) {
      setError(noteFailure(problem));
      setSaving(false);
    }
  };
  return (
    <Dialog title="Describe" isHeld={saving} onClose={onClose}>
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
        <DialogButtons disabled={saving} isHeld={saving} onClose={onClose}>
          {saving ? "Saving …" : "Save"}
        </DialogButtons>
      </form>
    </Dialog>
  );
}
