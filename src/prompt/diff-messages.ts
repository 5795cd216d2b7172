/** What differs between two chats, message by message. */
import { diffArrays } from "diff";
import type { MessageDiff } from "../contract/diff.ts";
import type { Message } from "../contract/shapes.ts";
import { diffText, MOST_EDITS } from "./diff-text.ts";

interface Placed {
  message: Message;
  at: number;
}

/** Null where all are the same. A removed and an added message in one place are one that changed. */
export function diffMessages(from: readonly Message[], to: readonly Message[]): MessageDiff[] | null {
  const changes = diffArrays(from.map(asText), to.map(asText), { maxEditLength: MOST_EDITS }) ?? [
    { removed: true, added: false, count: from.length },
    { removed: false, added: true, count: to.length },
  ];
  const among = Math.max(from.length, to.length);
  if (changes.every(({ added, removed }) => !added && !removed)) return null;
  const diffs: MessageDiff[] = [];
  let removed: Placed[] = [];
  let [fromAt, toAt] = [0, 0];
  for (const change of changes) {
    const take = (list: readonly Message[], start: number) =>
      list.slice(start, start + change.count).map((message, place): Placed => ({ message, at: start + place }));
    if (change.removed) {
      removed = take(from, fromAt);
      fromAt += change.count;
      continue;
    }
    const after = take(to, toAt);
    if (change.added) diffs.push(...paired(removed, after, among));
    else {
      diffs.push(...removed.map(gone), ...after.map(({ message, at }, place) => same(message, fromAt + place, at)));
      fromAt += change.count;
    }
    removed = [];
    toAt += change.count;
  }
  return [...diffs, ...removed.map(gone)];
}

function asText(message: Message): string {
  return JSON.stringify([roleOf(message), contentOf(message)]);
}

function roleOf(message: Message): string {
  return "placeholder" in message ? "placeholder" : message.role;
}

function contentOf(message: Message): string {
  return "placeholder" in message ? message.placeholder : message.content;
}

function same(message: Message, from: number, to: number): MessageDiff {
  return { kind: "same", from, to, role: roleOf(message), content: null };
}

function gone({ message, at }: Placed): MessageDiff {
  const content = diffText(contentOf(message), "");
  return { kind: "removed", from: at, to: null, role: roleOf(message), content };
}

/** First with first, and so on; what is left over was removed or added. */
function paired(before: readonly Placed[], after: readonly Placed[], among: number): MessageDiff[] {
  const changed = after.map(({ message, at }, place): MessageDiff => {
    const old = before[place];
    if (!old) {
      const content = diffText("", contentOf(message));
      return { kind: "added", from: null, to: at, role: roleOf(message), content };
    }
    const [role, fromRole] = [roleOf(message), roleOf(old.message)];
    return {
      kind: "changed",
      from: old.at,
      to: at,
      role,
      ...(fromRole === role ? {} : { fromRole }),
      content: diffText(contentOf(old.message), contentOf(message), among),
    };
  });
  return [...changed, ...before.slice(after.length).map(gone)];
}
