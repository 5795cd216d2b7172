/**
 * The youngest that have some words, so that what is cut away is always the same: the oldest. PostgreSQL's index knows
 * all places of a word and nothing of their order, and a common word is everywhere; so the last stretch of the library
 * is looked through first. Where that has too few, all of it is; unless it has so many that a longer stretch will do.
 */
import { type RawBuilder, sql } from "kysely";
import type { ProjectRef } from "./find.ts";
import { COUNT_LIMIT } from "./page.ts";
import { LONGER_STRETCH, STRETCH } from "./search-lexemes.ts";

interface Asked {
  table: RawBuilder<unknown>;
  columns: RawBuilder<unknown>;
  /** By the prompt first, the youngest first. */
  order: RawBuilder<unknown>;
  /** For a cast to tsquery. */
  words: string;
  condition: RawBuilder<unknown>;
  /** Asked last, of what fulfils the others: the words must be read for it. */
  exactly?: RawBuilder<unknown> | undefined;
}

/** From so many matches in all of the library on, as the last stretch lets expect, a longer stretch is tried before. */
const EXPECTED = 8 * COUNT_LIMIT;

/** COUNT_LIMIT rows, and one more if there is one. */
export function youngest(
  project: ProjectRef,
  { table, columns, order, words, condition, exactly = sql`true` }: Asked,
): RawBuilder<unknown> {
  const rows = (within: RawBuilder<unknown>, reached: RawBuilder<unknown>) => sql`
    select ${columns} from (
      select ${columns} from ${table}
      where words @@ (${words}::tsquery${within}) and ${condition} and ${reached} offset 0) matching
    where ${exactly} order by ${order} limit ${COUNT_LIMIT + 1}`;
  const longer = sql`(select longer from after_short)`;
  const all = sql`(select everything from after_longer)`;
  return sql`
    with last as materialized (
      select coalesce(max(prompt_id), 0) as prompt_id from search_heads where project_id = ${project.id}::bigint),
    short_stretch as materialized (${rows(sql` && ${lastStretches(project, STRETCH)}`, sql`true`)}),
    after_short as materialized (
      select found <= ${COUNT_LIMIT} and stretches > 1 as onwards,
        found <= ${COUNT_LIMIT} and stretches > 1 and found * stretches > ${EXPECTED} as longer
      from (select (select count(*) from short_stretch) as found,
        (select prompt_id >> ${STRETCH} from last) as stretches) of_it),
    longer_stretch as materialized (${rows(sql` && ${lastStretches(project, LONGER_STRETCH)}`, longer)}),
    after_longer as materialized (
      select (select onwards from after_short) and (not ${longer} or (
        (select count(*) from longer_stretch) <= ${COUNT_LIMIT}
        and (select prompt_id >> ${LONGER_STRETCH} from last) > 1)) as everything),
    everywhere as materialized (${rows(sql``, all)})
    select ${columns} from short_stretch where not (select onwards from after_short)
    union all select ${columns} from longer_stretch where ${longer} and not ${all}
    union all select ${columns} from everywhere`;
}

/** The stretch of the last prompt, which may have just begun, and the one before. */
function lastStretches(project: ProjectRef, power: number): RawBuilder<unknown> {
  const prefix = `'${project.id}#${power}=`;
  const number = (before: number) => sql`${prefix}::text || ((prompt_id >> ${power}) - ${before}) || ''''`;
  return sql`(select ((${number(0)}) || ' | ' || (${number(1)}))::tsquery from last)`;
}
