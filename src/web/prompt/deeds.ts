/** What was done to a prompt, from what is known of it, last first. Pure. */
import type { AuditEntry, LabelMove, VersionSummary } from "../../sdk/index.ts";

export interface OneDeed {
  at: string;
  by: string;
  /** As the rest of a sentence that begins with the person. */
  did: string;
}

const WORDS: Readonly<Record<string, string>> = {
  "prompt.change": "changed description, tags or labels",
  "prompt.trash": "moved it to the trash",
  "prompt.restore": "brought it back from the trash",
  "version.redact": "redacted a version",
};

export function deedsOf(
  versions: readonly VersionSummary[],
  moves: readonly LabelMove[],
  audit: readonly AuditEntry[],
): OneDeed[] {
  const deeds: OneDeed[] = [
    ...versions.map(({ version, author, createdAt, message }) => ({
      at: createdAt,
      by: author,
      did: `saved version ${version}${message === "" ? "" : `: ${message}`}`,
    })),
    ...moves.map(({ movedAt, movedBy, ...move }) => ({ at: movedAt, by: movedBy, did: moveWords(move) })),
    ...audit
      .filter(({ action }) => action === "prompt.rename" || WORDS[action] !== undefined)
      .map(({ at, actor, action, details }) => ({
        at,
        by: actor,
        did: action === "prompt.rename" ? `renamed it; it was ${String(details.from)}` : (WORDS[action] ?? action),
      })),
  ];
  return deeds.sort((a, b) => (a.at < b.at ? 1 : -1));
}

function moveWords({ label, from, to, undoes }: Pick<LabelMove, "label" | "from" | "to" | "undoes">): string {
  const back = undoes === null ? "" : ", taking back the move before";
  if (to === null) return `took ${label} off version ${from}${back}`;
  return `put ${label} on version ${to}${from === null ? "" : `; it was on version ${from}`}${back}`;
}
