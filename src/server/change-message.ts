/** The words of change events. */
import type { Cursor } from "../database/changes.ts";
import type { Id } from "../database/tables.ts";
import type { AccessList } from "../library/access.ts";
import type { ChangedPrompt } from "../library/changed-prompts.ts";
import { eventOf } from "./change-listener.ts";

/** More prompts of one project at once, as by an import, are told as `reset`. */
const TOLD_SINGLY = 100;

export function cursorId({ epoch, tx, seq }: Cursor): string {
  return `${epoch}.${tx}.${seq}`;
}

/** null: it is none of ours. */
export function parseCursorId(id: string): Cursor | null {
  const [, epoch, tx, seq] = /^([0-9A-F-]{1,80})\.(\d{1,18})\.(-1|\d{1,18})$/.exec(id) ?? [];
  return epoch && tx && seq ? { epoch, tx, seq } : null;
}

/** The events of each project. */
export function messagesFor(prompts: readonly ChangedPrompt[], access: AccessList): Map<Id, string> {
  const messages = new Map<Id, string>();
  for (const [projectId, changed] of Map.groupBy(prompts, (prompt) => prompt.projectId)) {
    const project = access.projectById(projectId)?.name;
    // A project of which we know nothing yet has nobody who listens.
    if (project === undefined) continue;
    const events = changed.map(({ name, formerNames, revision, trashed }) =>
      eventOf("change", { project, name, formerNames, revision, trashed }),
    );
    messages.set(projectId, changed.length > TOLD_SINGLY ? eventOf("reset", {}) : events.join(""));
  }
  return messages;
}
