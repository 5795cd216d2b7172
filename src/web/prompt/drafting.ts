/** Writing on a prompt: the draft as it is kept, and saving it so that nothing written is lost on the way. */
import { useCallback, useEffect, useRef, useState } from "react";
import type { Prompt, PromptlibError, SavedPrompt } from "../../sdk/index.ts";
import { clientOf, noteFailure } from "../calls.ts";
import type { Access } from "../shell/page.tsx";
import { type Content, type Draft, draftKey, dropDraft, readDraft, saveOf, writeDraft } from "./draft.ts";

export interface Drafting {
  draft: Draft | null;
  /** The browser keeps it; if not, a reload would lose it. */
  isKept: boolean;
  saving: boolean;
  error: PromptlibError | null;
  /** What somebody saved meanwhile; null: nothing that is known. */
  theirs: Prompt | null;
  begin(base: number | null, content: Content): void;
  change(part: Partial<Draft>): void;
  drop(): void;
  /** Answers what was saved; null: it was not, and the draft is as it was. */
  save(name: string): Promise<SavedPrompt | null>;
  /** The newest version turned out to be another one. */
  meet(theirs: Prompt): void;
  /** The draft goes on top of what somebody saved. */
  goOn(): void;
}

export function useDrafting({ user, project }: Access, name: string | null): Drafting {
  const key = draftKey(user, project, name);
  const [draft, setDraft] = useState(() => readDraft(localStorage, key));
  const [isKept, setKept] = useState(true);
  const [saving, setSaving] = useState(false);
  const [error, setError] = useState<PromptlibError | null>(null);
  const [theirs, setTheirs] = useState<Prompt | null>(null);

  const present = useRef(draft);
  present.current = draft;
  useEffect(() => {
    if (draft) setKept(writeDraft(localStorage, key, draft));
  }, [draft, key]);

  const drop = useCallback(() => {
    dropDraft(localStorage, key);
    setDraft(null);
    setError(null);
    setTheirs(null);
  }, [key]);

  const save = async (savedName: string) => {
    if (!draft) return null;
    setSaving(true);
    setError(null);
    try {
      const saved = await clientOf(project).savePrompt(saveOf(draft, savedName));
      // What was typed since it was sent goes on, on top of it.
      if (present.current === draft) drop();
      else if (name !== null) setDraft((last) => last && { ...last, base: saved.version });
      return saved;
    } catch (problem) {
      const known = noteFailure(problem);
      setError(known);
      if (known.code === "version_conflict" && draft.base !== null) setTheirs(await newest(project, savedName));
      return null;
    } finally {
      setSaving(false);
    }
  };

  return {
    draft,
    isKept,
    saving,
    error,
    theirs,
    begin: (base, content) => setDraft({ base, content, message: "", name: "" }),
    change: (part) => setDraft((last) => (last ? { ...last, ...part } : last)),
    drop,
    save,
    meet: setTheirs,
    goOn() {
      const base = theirs?.version;
      if (base !== undefined) setDraft((last) => (last ? { ...last, base } : last));
      setTheirs(null);
      setError(null);
    },
  };
}

/** null: it cannot be had now, or there is none any more; the error that led here is shown in any case. */
async function newest(project: string, name: string): Promise<Prompt | null> {
  try {
    return (await clientOf(project).fetchPrompt(name)).prompt;
  } catch (error) {
    noteFailure(error);
    return null;
  }
}
