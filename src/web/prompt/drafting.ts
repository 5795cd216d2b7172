/** Writing on a prompt: the draft as it is kept, and saving it so that nothing written is lost on the way. */
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Prompt, PromptlibError, SavedPrompt } from "../../sdk/index.ts";
import { clientOf, noteFailure } from "../calls.ts";
import { say } from "../shell/notices.tsx";
import type { Access } from "../shell/page.tsx";
import { type Content, type Draft, saveOf } from "./draft.ts";
import {
  announceDraft,
  type DraftPlace,
  draftsAt,
  dropDraft,
  isSamePlace,
  type KeptDraft,
  keepDraft,
  listenToDrafts,
  moveDrafts,
  readDraft,
} from "./draft-shelf.ts";

export interface Drafting {
  draft: Draft | null;
  /** Another one is written on, or another tab wrote on this one. */
  turn: number;
  /** The browser keeps it; if not, a reload would lose it. */
  isKept: boolean;
  /** More of the same prompt that this browser keeps: of another tab, say. */
  others: readonly KeptDraft[];
  saving: boolean;
  error: PromptlibError | null;
  /** What somebody saved meanwhile; null: nothing that is known. */
  theirs: Prompt | null;
  /** The prompt is called so now; what is written goes there. */
  movedTo: string | null;
  /** `baseHash`: undefined where it is not known. */
  begin(base: number | null, content: Content, baseHash?: string): void;
  change(part: Partial<Draft>): void;
  drop(): void;
  /** Drops it and says so; who takes that back writes on it again, and what was begun since stays beside it. */
  throwAway(said: string): void;
  take(other: KeptDraft): void;
  throwAwayOther(other: KeptDraft): void;
  /** Answers what was saved; null: it was not, and the draft is as it was. */
  save(name: string): Promise<SavedPrompt | null>;
  /** The newest version turned out to be another one. */
  meet(theirs: Prompt): void;
  /** The draft goes on top of what somebody saved; `content`: with what was merged, which can be taken back. */
  goOn(content?: Content): void;
  /** The prompt turned out to be called otherwise. */
  follow(name: string): void;
}

export const THROWN_AWAY = "Thrown away.";
const NO_ROOM = "This browser has no room for both. Save what you wrote, or copy it and throw it away, before that.";

export function useDrafting({ user, project }: Access, name: string | null): Drafting {
  const place = useMemo(() => ({ user, project, name }), [user, project, name]);
  const own = useOwnDraft(place);
  const { draft, present, put, leave } = own;
  const [saving, setSaving] = useState(false);
  const [error, setError] = useState<PromptlibError | null>(null);
  const [theirs, setTheirs] = useState<Prompt | null>(null);
  const [movedTo, setMovedTo] = useState<string | null>(null);
  const settle = useCallback(() => {
    setError(null);
    setTheirs(null);
  }, []);
  const change = (part: Partial<Draft>) => {
    const last = present.current?.draft;
    if (last) put({ ...last, ...part });
  };
  const follow = useCallback(
    (next: string) => {
      moveDrafts(localStorage, place, next);
      if (present.current) remember({ ...place, name: next }, present.current.id);
      setMovedTo(next);
    },
    [place, present],
  );
  /** Somebody was faster: what there is now, under which name. */
  const look = async (savedName: string) => {
    const found = await newest(project, savedName);
    if (found?.renamedTo) follow(found.renamedTo);
    else setTheirs(found?.prompt ?? null);
  };
  const save = async (savedName: string) => {
    const sent = present.current?.draft;
    if (!sent) return null;
    setSaving(true);
    setError(null);
    try {
      const saved = await clientOf(project).savePrompt(saveOf(sent, savedName));
      // What was typed since it was sent goes on, on top of it.
      if (present.current?.draft === sent) leave();
      else if (name !== null) change({ base: saved.version, baseHash: saved.contentHash });
      settle();
      return saved;
    } catch (problem) {
      const known = noteFailure(problem);
      setError(known);
      if (known.code === "version_conflict" && sent.base !== null) await look(savedName);
      return null;
    } finally {
      setSaving(false);
    }
  };
  const drop = () => {
    leave();
    settle();
  };
  /** What was written since stays beside it; where it cannot, it is not touched. */
  const bringBack = (before: Draft) => {
    if (own.isAtRisk()) return say(NO_ROOM, { name: "Undo", run: () => bringBack(before) });
    own.bringBack(before);
    settle();
  };
  const merge = (merged: Draft, before: Draft) => {
    own.replace(merged);
    const takeBack = () => {
      if (present.current?.draft !== merged) return bringBack(before);
      own.replace(before);
      settle();
    };
    say("Both are together. Look it over, and save it.", { name: "Undo", run: takeBack });
  };
  return {
    draft,
    turn: own.turn,
    isKept: own.isKept,
    others: own.others,
    saving,
    error,
    theirs,
    movedTo,
    begin: (base, content, baseHash) => put({ base, baseHash, content, message: "", name: "" }),
    change,
    drop,
    throwAway(said) {
      const dropped = present.current?.draft;
      drop();
      say(said, { name: "Undo", run: () => dropped && bringBack(dropped) });
    },
    take(other) {
      if (own.isAtRisk()) return say(NO_ROOM);
      own.take(other);
      settle();
    },
    throwAwayOther(other) {
      own.dropOther(other);
      say(THROWN_AWAY, { name: "Undo", run: () => own.shelve(other.draft) });
    },
    save,
    meet: setTheirs,
    goOn(content) {
      const last = present.current?.draft;
      if (theirs && last) {
        const next = { ...last, base: theirs.version, baseHash: theirs.contentHash };
        if (content) merge({ ...next, content }, last);
        else put(next);
      }
      settle();
    },
    follow,
  };
}

/** The draft that this tab writes on. What another tab does to it is followed, and never written over. */
function useOwnDraft(place: DraftPlace) {
  const first = () => {
    const drafts = draftsAt(localStorage, place);
    return drafts.find(({ id }) => id === remembered(place)) ?? drafts[0] ?? null;
  };
  const [own, setOwn] = useState<KeptDraft | null>(first);
  const [isKept, setKept] = useState(true);
  const [turn, setTurn] = useState(0);
  const [others, setOthers] = useState<readonly KeptDraft[]>([]);
  const present = useRef(own);
  const unkept = useRef(false);
  const become = useCallback(
    (next: KeptDraft | null, succeeded = true) => {
      present.current = next;
      unkept.current = !succeeded;
      setOwn(next);
      setKept(succeeded);
      if (next) remember(place, next.id);
    },
    [place],
  );
  const count = useCallback(() => {
    setOthers(draftsAt(localStorage, place).filter(({ id }) => id !== present.current?.id));
  }, [place]);
  const show = useCallback(
    (next: KeptDraft | null, succeeded = true) => {
      become(next, succeeded);
      setTurn((last) => last + 1);
      count();
    },
    [become, count],
  );
  useEffect(() => {
    count();
    return listenToDrafts((about) => {
      if (!about || !isSamePlace(about.place, place)) return;
      const mine = present.current;
      const there = mine && readDraft(localStorage, place, mine.id);
      if (mine && about.id === mine.id && there?.stamp !== mine.stamp) show(there);
      else count();
    });
  }, [place, count, show]);
  /** Answers where it is kept; null: this browser keeps nothing. */
  const put = useCallback(
    (draft: Draft) => {
      const seen = present.current;
      const { kept, isKept: succeeded } = keepDraft(localStorage, place, seen, draft);
      become(kept, succeeded);
      if (kept.id !== seen?.id) count();
      return succeeded ? kept.id : null;
    },
    [place, become, count],
  );
  return {
    draft: own?.draft ?? null,
    replace(draft: Draft) {
      const id = put(draft);
      setTurn((last) => last + 1);
      if (id !== null) announceDraft(place, id);
    },
    present,
    isKept,
    turn,
    others,
    put,
    leave() {
      const left = present.current;
      if (left) dropDraft(localStorage, place, left);
      show(null);
      // Where one went meanwhile it is shown no longer.
      if (left) announceDraft(place, left.id);
    },
    bringBack(draft: Draft) {
      const { kept, isKept: succeeded } = keepDraft(localStorage, place, null, draft);
      show(kept, succeeded);
      if (succeeded) announceDraft(place, kept.id);
    },
    take: (other: KeptDraft) => show(other),
    /** It is here alone: another one in its place would be the end of it. */
    isAtRisk: () => unkept.current,
    shelve(draft: Draft) {
      const { kept } = keepDraft(localStorage, place, null, draft);
      count();
      announceDraft(place, kept.id);
    },
    dropOther(other: KeptDraft) {
      dropDraft(localStorage, place, other);
      count();
    },
  };
}

/** Which draft this tab writes on: after a reload it goes on with the same. */
function rememberedKey(place: DraftPlace): string {
  return `promptlib.writing.${JSON.stringify([place.user, place.project, place.name])}`;
}

export function remember(place: DraftPlace, id: string): void {
  try {
    sessionStorage.setItem(rememberedKey(place), id);
  } catch {
    // then it goes on with the last one
  }
}

function remembered(place: DraftPlace): string | null {
  try {
    return sessionStorage.getItem(rememberedKey(place));
  } catch {
    return null;
  }
}

interface Newest {
  prompt: Prompt;
  renamedTo: string | null;
}

/** null: it cannot be had now, or there is none any more; the error that led here is shown in any case. */
async function newest(project: string, name: string): Promise<Newest | null> {
  try {
    return await clientOf(project).fetchPrompt(name);
  } catch (error) {
    noteFailure(error);
    return null;
  }
}
