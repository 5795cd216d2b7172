/** What somebody missed who listened before, from the change feed in the database. */
import { canContinue, currentCursor, readChanges, readUnsettled } from "../database/changes.ts";
import type { Queries } from "../database/database.ts";
import type { Id } from "../database/tables.ts";
import type { AccessList } from "../library/access.ts";
import { readChangedPrompts } from "../library/changed-prompts.ts";
import { eventOf, type Message } from "./change-listener.ts";
import { cursorId, messagesFor, parseCursorId } from "./change-message.ts";

const PAGE = 1_000;
/** Who missed more takes everything as changed. */
const MOST_PAGES = 5;

/** `id`: the last event that he had. Errors: `database_unavailable`. */
export async function readMissed(db: Queries, access: AccessList, projectId: Id, id: string): Promise<Message> {
  const current = await currentCursor(db);
  const reset = { events: eventOf("reset", {}), id: cursorId(current) };
  let cursor = parseCursorId(id);
  if (!cursor || !(await canContinue(db, cursor, current))) return reset;
  const subjects = new Set<Id>();
  for (let page = 1; ; page += 1) {
    if (page > MOST_PAGES) return reset;
    const found = await readChanges(db, cursor, PAGE);
    cursor = found.cursor;
    for (const { kind, subject } of found.changes) if (kind === "prompt") subjects.add(subject);
    if (found.changes.length < PAGE) break;
  }
  // Told live before he came, and told live again only when the older transaction is over.
  const unsettled = await readUnsettled(db, null);
  for (const { kind, subject } of unsettled.changes) if (kind === "prompt") subjects.add(subject);
  if (!unsettled.isAll) return reset;
  const prompts = subjects.size > 0 ? await readChangedPrompts(db, [...subjects]) : [];
  return { events: messagesFor(prompts, access).get(projectId) ?? "", id: cursorId(cursor) };
}
