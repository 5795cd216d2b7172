/**
 * A prompt that is looked at follows what others do to it, and says who did it. What somebody writes on it is left
 * alone: that is told, too, and looked at when they like.
 */
import { useEffect, useRef } from "react";
import type { FetchedPrompt, LabelPosition, List, PromptChange, VersionSummary } from "../../sdk/index.ts";
import { clientOf, type Loaded, noteFailure } from "../calls.ts";
import { COHERENT_MS, type Heard, useHeard } from "../listening.ts";
import { go } from "../navigation.tsx";
import { CLOSE, nextLook } from "../next-look.ts";
import { useIsDialogOpen } from "../shell/dialog.tsx";
import { type Action, forgetNews, isOffering, tell } from "../shell/notices.tsx";
import type { Access } from "../shell/page.tsx";
import type { Drafting } from "./drafting.ts";
import { movedSince, removedSince, savedSince } from "./news.ts";
import { personOf } from "./person.ts";

interface Followed {
  access: Access;
  name: string;
  asked: number | null;
  fetched: Loaded<FetchedPrompt>;
  versions: Loaded<List<VersionSummary>>;
  labels: Loaded<List<LabelPosition>>;
  drafting: Drafting;
}

export function useFollowed(followed: Followed): void {
  const { access, name, asked, fetched, versions, labels, drafting } = followed;
  const { draft } = drafting;
  // On the next version, or in a dialog.
  const isWriting = useIsDialogOpen() || draft !== null;
  const isGone = fetched.error?.code === "prompt_not_found";
  const isHearing = useRef(false);
  /** Something came that is not shown, because somebody writes. */
  const isBehind = useRef(false);
  /** How what was saved can be looked at, and what was read before it. */
  const offer = useRef<{ action: Action; read: number | undefined } | null>(null);
  const both = useRef<Action>(undefined);
  const catchUp = () => {
    isBehind.current = false;
    fetched.reload();
  };
  const goTo = (against?: number) =>
    go({ project: access.named, page: { at: "prompt", name, version: null, ...(against ? { against } : {}) } });
  // The newest is beside what is written only where no other version is asked for.
  const lookAtBoth = () => (asked === null ? catchUp() : goTo());
  useChangesOf(name, (change) => {
    isHearing.current = true;
    versions.reload();
    labels.reload();
    if (change) tellPlace(change, { access, name, isWriting, wasGone: isGone, catchUp });
    if (isWriting) isBehind.current = true;
    else fetched.reload();
  });
  useOvertaken(name, fetched, isWriting);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was left alone is looked at when nothing is written any more
  useEffect(() => {
    if (!isWriting && isBehind.current) catchUp();
  }, [isWriting]);
  // There are no two any more.
  useEffect(() => {
    if (draft === null && isOffering(both.current)) forgetNews();
  }, [draft]);
  useEffect(() => forgetNews, []);

  const me = `user:${access.user}`;
  const saved = versions.value?.items;
  useSince(saved, (before, after) => {
    if (!isHearing.current) return;
    const newest = after[0]?.version ?? 0;
    if (draft) {
      // By oneself, too: in another window.
      const lines = (draft.base ?? 0) < newest ? savedSince(before, after, null) : [];
      if (lines.length === 0) return;
      both.current = { name: "Look at both", run: lookAtBoth };
      tell(lines, both.current);
      return;
    }
    const lines = savedSince(before, after, me);
    if (lines.length === 0) return;
    const read = isOffering(offer.current?.action) ? offer.current?.read : before[0]?.version;
    const run = () => goTo(asked === null ? read : undefined);
    const action = { name: asked === null ? "What changed" : `To version ${newest}`, run };
    offer.current = { action, read };
    tell(lines, action);
  });
  useSince(labels.value?.items, (before, after) => {
    if (!isHearing.current) return;
    tell(movedSince(before, after, me), null);
    for (const label of removedSince(before, after)) void tellRemoved(access, name, label, me);
  });
}

/** null: anything may have happened to it. */
function useChangesOf(name: string, look: (change: PromptChange | null) => void): void {
  const timer = useRef(0);
  const last = useRef<PromptChange | null>(null);
  const lookedAt = useRef<number | null>(null);
  const present = useRef(look);
  useEffect(() => {
    present.current = look;
  });
  useEffect(() => () => clearTimeout(timer.current), []);
  useHeard((heard: Heard) => {
    const change = heard.type === "change" ? heard.change : null;
    if (change && change.name !== name && !change.formerNames.includes(name)) return;
    last.current = change;
    if (timer.current !== 0) return;
    const now = performance.now();
    const at = nextLook({ now, since: now, lookedAt: lookedAt.current, took: 0 }, CLOSE);
    timer.current = window.setTimeout(() => {
      timer.current = 0;
      lookedAt.current = performance.now();
      present.current(last.current);
    }, at - now);
  });
}

/** What came was older than what was told of. */
function useOvertaken(name: string, { value, reload }: Loaded<FetchedPrompt>, isWriting: boolean): void {
  const told = useRef(0n);
  useHeard((heard) => {
    // After a restore the numbers begin at earlier ones again.
    if (heard.type === "reset") told.current = 0n;
    else if (heard.change.name === name) told.current = BigInt(heard.change.revision);
  });
  useEffect(() => {
    const revision = value?.revision ?? null;
    if (isWriting || revision === null || revision >= told.current) return;
    const timer = setTimeout(reload, COHERENT_MS);
    return () => clearTimeout(timer);
  }, [value, reload, isWriting]);
}

function useSince<T>(present: T | undefined, look: (before: T, after: T) => void): void {
  const last = useRef(present);
  // biome-ignore lint/correctness/useExhaustiveDependencies: looked at when it becomes another
  useEffect(() => {
    const before = last.current;
    last.current = present;
    if (before !== undefined && present !== undefined && before !== present) look(before, present);
  }, [present]);
}

interface Place {
  access: Access;
  name: string;
  isWriting: boolean;
  wasGone: boolean;
  catchUp(): void;
}

/** It went to the trash, came back from there, or is called otherwise. */
function tellPlace(
  { name: present, trashed }: PromptChange,
  { access, name, isWriting, wasGone, catchUp }: Place,
): void {
  if (trashed) {
    const to = { at: "room", room: "trash", query: {} } as const;
    const run = () => go({ project: access.named, page: to });
    tell(["This prompt was moved to the trash."], { name: "To the trash", run });
  } else if (wasGone) {
    tell(["It was brought back from there."], null);
  } else if (isWriting && present !== name) {
    tell([`This prompt is called ${present} now.`], { name: "Go there", run: catchUp });
  }
}

/** Who took it off is in its history alone. */
async function tellRemoved({ project }: Access, name: string, label: string, me: string): Promise<void> {
  try {
    const [last] = (await clientOf(project).listLabelMoves(name, label, { limit: 1 })).items;
    if (last && last.to === null && last.movedBy !== me) tell([`${personOf(last.movedBy)} took ${label} off.`], null);
  } catch (error) {
    noteFailure(error);
  }
}
