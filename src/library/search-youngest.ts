/**
 * The youngest that have some words, so that what is cut away is always the same: the oldest. PostgreSQL's index knows
 * all places of a word and nothing of their order, and a common word is everywhere; so the last stretch of the library
 * is looked through first, then longer ones, and all of it only where those had too few.
 */
import { type RawBuilder, sql } from "kysely";
import type { ProjectRef } from "./find.ts";
import { COUNT_LIMIT } from "./page.ts";
import { STRETCHES } from "./search-lexemes.ts";

interface Asked {
  table: RawBuilder<unknown>;
  columns: RawBuilder<unknown>;
  /** By the prompt first, the youngest first. */
  order: RawBuilder<unknown>;
  /** For a cast to tsquery. */
  words: string;
  condition: RawBuilder<unknown>;
}

/** COUNT_LIMIT rows, and one more if there is one. */
export function youngest(project: ProjectRef, { table, columns, order, words, condition }: Asked): RawBuilder<unknown> {
  const stretch = (number: number) => sql.ref(`stretch${number}`);
  const onwards = (number: number) => sql`(select onwards from ${sql.ref(`after${number}`)})`;
  const rows = (within: RawBuilder<unknown>, reached: RawBuilder<unknown>) => sql`
    select ${columns} from (
      select ${columns} from ${table}
      where words @@ (${words}::tsquery${within}) and ${condition} and ${reached} offset 0) matching
    order by ${order} limit ${COUNT_LIMIT + 1}`;
  const steps = STRETCHES.map((power, at) => {
    const reached = at === 0 ? sql`true` : onwards(at - 1);
    return sql`
      ${stretch(at)} as materialized (${rows(sql` && ${lastStretches(project, power)}`, reached)}),
      ${sql.ref(`after${at}`)} as materialized (
        select ${reached} and (select count(*) from ${stretch(at)}) <= ${COUNT_LIMIT}
          and (select prompt_id >> ${power} from last) > 1 as onwards)`;
  });
  const end = STRETCHES.length;
  const parts = STRETCHES.map((_, at) => {
    const reached = at === 0 ? sql`true` : onwards(at - 1);
    return sql`select ${columns} from ${stretch(at)} where ${reached} and not ${onwards(at)}`;
  });
  return sql`
    with last as materialized (
      select coalesce(max(prompt_id), 0) as prompt_id from search_heads where project_id = ${project.id}::bigint),
    ${sql.join(steps, sql`, `)},
    ${stretch(end)} as materialized (${rows(sql``, onwards(end - 1))})
    ${sql.join([...parts, sql`select ${columns} from ${stretch(end)}`], sql` union all `)}`;
}

/** The stretch of the last prompt, which may have just begun, and the one before. */
function lastStretches(project: ProjectRef, power: number): RawBuilder<unknown> {
  const prefix = `'${project.id}#${power}=`;
  const number = (before: number) => sql`${prefix}::text || ((prompt_id >> ${power}) - ${before}) || ''''`;
  return sql`(select ((${number(0)}) || ' | ' || (${number(1)}))::tsquery from last)`;
}
