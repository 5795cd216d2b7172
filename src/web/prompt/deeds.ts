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
    ...audit.flatMap((entry) => {
      const did = auditWords(entry);
      return did === null ? [] : [{ at: entry.at, by: entry.actor, did }];
    }),
  ];
  return deeds.sort((a, b) => (a.at < b.at ? 1 : -1));
}

/** Those that were moved or taken off: of one that it has no more nothing else tells. */
export function labelsTold(audit: readonly AuditEntry[]): string[] {
  const labels = audit
    .filter(({ action }) => ["label.move", "label.remove", "label.undo"].includes(action))
    .map(({ details }) => details.label);
  return [...new Set(labels.filter((label) => typeof label === "string"))];
}

/** null: it is no deed of its own, or told from elsewhere, as what became of labels is. */
function auditWords({ action, details }: AuditEntry): string | null {
  switch (action) {
    case "prompt.rename":
      return `renamed it; it was ${String(details.from)}`;
    case "prompt.move":
      return details.from ? `moved it here; it was ${placeWords(details.from)}` : `moved it: ${placeWords(details.to)}`;
    case "alias.end":
      return `ended the former name ${String(details.alias)}`;
    default:
      return WORDS[action] ?? null;
  }
}

function placeWords(place: unknown): string {
  const { project, name } = place as { project?: unknown; name?: unknown };
  return `${String(name)} in the project ${String(project)}`;
}

function moveWords({ label, from, to, undoes }: Pick<LabelMove, "label" | "from" | "to" | "undoes">): string {
  const back = undoes === null ? "" : ", taking back the move before";
  if (to === null) return `took ${label} off version ${from}${back}`;
  return `put ${label} on version ${to}${from === null ? "" : `; it was on version ${from}`}${back}`;
}
