/** What others did to a prompt since it was looked at, as sentences. Pure. */
import type { LabelPosition, VersionSummary } from "../../sdk/index.ts";
import { personOf } from "./person.ts";

/** Newest first, as they are listed. `me`: whose own deeds are no news; null: all are. */
export function savedSince(
  before: readonly VersionSummary[],
  after: readonly VersionSummary[],
  me: string | null,
): string[] {
  const last = before[0]?.version ?? 0;
  const fresh = after.filter(({ version, author }) => version > last && author !== me);
  const [newest] = fresh;
  if (!newest) return [];
  const { version, author, message } = newest;
  if (fresh.length > 1) return [`${fresh.length} versions were saved, the last, ${version}, by ${personOf(author)}.`];
  return [`${personOf(author)} saved version ${version}${message === "" ? "" : `: ${message}`}.`];
}

export function movedSince(before: readonly LabelPosition[], after: readonly LabelPosition[], me: string): string[] {
  return after.flatMap(({ label, version, movedBy }) => {
    const was = before.find((one) => one.label === label)?.version;
    if (label === "latest" || was === version || movedBy === me) return [];
    return [`${personOf(movedBy)} put ${label} on version ${version}${was ? `; it was on version ${was}` : ""}.`];
  });
}

export function removedSince(before: readonly LabelPosition[], after: readonly LabelPosition[]): string[] {
  return before.map(({ label }) => label).filter((label) => !after.some((one) => one.label === label));
}
