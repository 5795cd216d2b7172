/**
 * The youngest that have some words, so that what is cut away is always the same: the oldest. PostgreSQL's index knows
 * all places of a word and nothing of their order, and a common word is everywhere; so the last stretch of the library
 * is looked through first. Where that has too few, all of it is; unless a longer end of the library will do, as those
 * few let expect.
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

/** So many are expected where too few shall be unlikely. */
const ENOUGH = 1.2 * COUNT_LIMIT;
/** A longer end is this part of the library at most, and so many prompts: more is not much less than all. */
const LONGER_PART = 4;
const LONGEST_END = 16 << LONGER_STRETCH;

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
  const shortFrom = sql`(prompt_id >> ${STRETCH}) - 1`;
  const longerFrom = sql`(select longer_from from after_short)`;
  return sql`
    with last as materialized (
      select coalesce(max(prompt_id), 0) as prompt_id from search_heads where project_id = ${project.id}::bigint),
    short_stretch as materialized (${rows(sql` && ${lastStretches(project, STRETCH, shortFrom)}`, sql`true`)}),
    after_short as materialized (
      select onwards, onwards and reach < least(prompt_id / ${LONGER_PART}, ${LONGEST_END}) as longer,
        (prompt_id - reach) >> ${LONGER_STRETCH} as longer_from
      from (
        select prompt_id, found <= ${COUNT_LIMIT} and prompt_id >> ${STRETCH} > 1 as onwards,
          ${ENOUGH} * (prompt_id + 1 - ((${shortFrom}) << ${STRETCH})) / greatest(found, 1) as reach
        from last, (select count(*) as found from short_stretch) counted) expected),
    longer_stretch as materialized (${rows(sql` && ${lastStretches(project, LONGER_STRETCH, longerFrom)}`, longer)}),
    after_longer as materialized (
      select (select onwards from after_short) and (not ${longer} or (
        (select count(*) from longer_stretch) <= ${COUNT_LIMIT} and ${longerFrom} > 0)) as everything),
    everywhere as materialized (${rows(sql``, all)})
    select ${columns} from short_stretch where not (select onwards from after_short)
    union all select ${columns} from longer_stretch where ${longer} and not ${all}
    union all select ${columns} from everywhere`;
}

/** The stretch of the last prompt, which may have just begun, and those before it from the one of this number on. */
function lastStretches(project: ProjectRef, power: number, from: RawBuilder<unknown>): RawBuilder<unknown> {
  const prefix = `'${project.id}#${power}=`;
  return sql`(
    select string_agg(${prefix}::text || number || '''', ' | ')::tsquery
    from last, generate_series(${from}, prompt_id >> ${power}) as number)`;
}
