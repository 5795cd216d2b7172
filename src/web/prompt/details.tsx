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
  const [error, setError] = useState<PromptlibError | null>(null);
  const [saving, setSaving] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setSaving(true);
    try {
      const change = await changeOf(opened, description, tagsOf(typed));
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
        {error && <Failure error={error} what="Not saved." />}
        <DialogButtons disabled={saving} onClose={onClose}>
          {saving ? "Saving …" : "Save"}
        </DialogButtons>
      </form>
    </Dialog>
  );
}

/** Only what was changed here, the tags of the newest ones: what others described meanwhile stays. */
async function changeOf(opened: Prompt, description: string, tags: readonly string[]): Promise<PatchPrompt> {
  const change: PatchPrompt = {};
  if (description !== opened.description) change.description = description;
  const retagged = retagging(opened.tags, tags);
  if (retagged.add.length + retagged.remove.length > 0) {
    const { prompt } = await clientOf(opened.project).fetchPrompt(opened.name);
    change.tags = withTags(prompt.tags, retagged);
  }
  return change;
}
