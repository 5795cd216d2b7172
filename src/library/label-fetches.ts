/** How often labels were fetched, by whom and last when. Servers count in memory and write many counts at once. */
import { sql } from "kysely";
import type { LabelFetches } from "../contract/label-shapes.ts";
import type { List } from "../contract/shapes.ts";
import type { Queries } from "../database/database.ts";
import type { Id } from "../database/tables.ts";
import { findPrompt, type ProjectRef, promptNotFound } from "./find.ts";

export interface FetchCount {
  promptId: Id;
  label: string;
  /** As in the audit log: key:ID, user:NAME or local:OS-USER. */
  caller: string;
  count: number;
  firstAt: Date;
  lastAt: Date;
}

/** Adds to what is counted already; each prompt, label and caller once. A prompt that is not there is passed over. */
export async function writeFetches(db: Queries, counts: readonly FetchCount[]): Promise<void> {
  const column = <K extends keyof FetchCount>(name: K) => counts.map((count) => count[name]);
  // In one order, so that two servers that write at once do not wait for each other in a ring.
  await sql`
    insert into label_fetches (prompt_id, label, caller, fetches, first_at, last_at)
    select prompt_id, label, caller, fetches, first_at, last_at
    from unnest(${column("promptId")}::bigint[], ${column("label")}::text[], ${column("caller")}::text[],
        ${column("count")}::bigint[], ${column("firstAt")}::timestamptz[], ${column("lastAt")}::timestamptz[])
      as counted(prompt_id, label, caller, fetches, first_at, last_at)
    where exists (select from prompts where id = prompt_id)
    order by prompt_id, label, caller
    on conflict (prompt_id, label, caller) do update set
      fetches = label_fetches.fetches + excluded.fetches,
      last_at = greatest(label_fetches.last_at, excluded.last_at)`.execute(db);
}

/** By label, those who fetched last first. Errors: `prompt_not_found`. */
export async function listFetches(db: Queries, project: ProjectRef, name: string): Promise<List<LabelFetches>> {
  const found = await findPrompt(db, project, name);
  if (!found) throw promptNotFound(name);
  const rows = await db
    .selectFrom("label_fetches")
    .leftJoin("api_keys", (join) => join.on(sql`'key:' || api_keys.id`, "=", sql.ref("label_fetches.caller")))
    .select(["label", "caller", "api_keys.name as key_name", "fetches", "first_at", "last_at"])
    .where("prompt_id", "=", found.prompt.id)
    .orderBy("label")
    .orderBy("last_at", "desc")
    .orderBy("caller")
    .execute();
  const items = rows.map((row) => ({
    label: row.label,
    caller: row.caller,
    keyName: row.key_name,
    fetches: Number(row.fetches),
    firstAt: row.first_at.toISOString(),
    lastAt: row.last_at.toISOString(),
  }));
  return { items, nextCursor: null, total: items.length, totalIsExact: true };
}
