/** The tables and sequences of one database: which are compared after a restore, and why the others are not. */
import pg from "pg";
import type { AttestedDatabase } from "./layout.ts";

export interface Relation {
  /** As text. */
  oid: string;
  schema: string;
  name: string;
  /** Its file in the data directory, which TRUNCATE and everything that rewrites it replace. */
  file: string;
  /** name:type of each column, in order. */
  columns: string[];
}

export interface Listed {
  /** Permanent tables, partitions and materialized views, ordered by oid. */
  tables: Relation[];
  notCompared: string[];
}

interface FoundRelation extends Relation {
  kind: "r" | "m" | "f";
  persistence: "p" | "u" | "t";
  populated: boolean;
  /** null: it is gone by now. */
  readable: boolean | null;
  hidden: boolean;
  /** A type without a binary form. */
  unsendable: string | null;
}

const OURS = "nspname <> all (array['pg_catalog', 'information_schema', 'pg_toast'])";

/** Partitioned tables hold nothing by themselves; their partitions are here. */
const RELATIONS = `
  with recursive used(origin, type) as (
    select distinct atttypid, atttypid from pg_attribute join pg_class on pg_class.oid = attrelid
      join pg_namespace on pg_namespace.oid = relnamespace
      where relkind in ('r', 'm', 'f') and attnum > 0 and not attisdropped and ${OURS}
    union
    select origin, inner_type from used join pg_type on pg_type.oid = type cross join lateral (
      select typbasetype where typtype = 'd'
      union all select typelem where typelem <> 0
      union all select rngsubtype from pg_range where pg_type.oid in (rngtypid, rngmultitypid)
      union all select atttypid from pg_attribute
        where typtype = 'c' and attrelid = typrelid and attnum > 0 and not attisdropped
    ) as inside(inner_type)
  ),
  unsendable as (
    select origin, min(format_type(type, null)) as name from used join pg_type on pg_type.oid = type
      where typsend = 0 group by origin
  )
  select c.oid::text as oid, nspname as schema, relname as name, relkind as kind, relpersistence as persistence,
    relfilenode::text as file, relispopulated as populated,
    has_schema_privilege(relnamespace, 'USAGE') and has_table_privilege(c.oid, 'SELECT') as readable,
    row_security_active(c.oid) as hidden,
    array(select attname || ':' || atttypid from pg_attribute
      where attrelid = c.oid and attnum > 0 and not attisdropped order by attnum) as columns,
    (select min(unsendable.name) from pg_attribute join unsendable on origin = atttypid
      where attrelid = c.oid and attnum > 0 and not attisdropped) as unsendable
  from pg_class c join pg_namespace n on n.oid = relnamespace
  where relkind in ('r', 'm', 'f') and ${OURS}
  order by c.oid`;

/** In the snapshot of the open transaction; null: one of them is gone since. */
export async function listRelations(client: pg.Client): Promise<Listed | null> {
  const { rows } = await client.query<FoundRelation>(RELATIONS);
  const listed: Listed = { tables: [], notCompared: ["the catalog: definitions, roles and rights"] };
  if (rows.some(({ readable }) => readable === null)) return null;
  for (const relation of rows) {
    const reason = whyNot(relation);
    if (reason) listed.notCompared.push(`${nameOf(relation)}: ${reason}`);
    else listed.tables.push(relation);
  }
  const objects = await client.query("select from pg_largeobject_metadata limit 1");
  if (objects.rowCount) listed.notCompared.push("large objects: they lie in the catalog");
  return listed;
}

function whyNot(relation: FoundRelation): string | null {
  if (relation.kind === "f") return "a foreign table, whose rows are elsewhere";
  if (relation.persistence === "u") return "unlogged, and so empty after every restore";
  if (relation.persistence === "t") return "temporary";
  if (!relation.populated) return "a materialized view that was never filled";
  if (!relation.readable) return "this login may not read it";
  if (relation.hidden) return "row-level security hides rows from this login";
  if (relation.unsendable) return `a column holds the type ${relation.unsendable}, which has no binary form`;
  return null;
}

/**
 * What each sequence has handed out at least. Not part of any snapshot: whoever compares with a restored one reads them
 * before the restore point. Left out are those that have no order to compare: descending, beginning again, unlogged.
 */
export async function readSequences(client: pg.Client): Promise<AttestedDatabase["sequences"]> {
  for (let tries = 3; ; tries -= 1) {
    try {
      const { rows } = await client.query<{ schema: string; name: string; value: string }>(SEQUENCES);
      return rows.map((sequence) => ({ name: nameOf(sequence), value: sequence.value }));
    } catch (error) {
      // One that is dropped just now is an internal error to PostgreSQL.
      const dropped = error instanceof pg.DatabaseError && /could not open relation/.test(error.message);
      if (!dropped || tries === 1) throw error;
    }
  }
}

const SEQUENCES = `
  select nspname as schema, relname as name,
    coalesce(pg_sequence_last_value(seqrelid), seqstart::numeric - seqincrement)::text as value
  from pg_sequence join pg_class c on c.oid = seqrelid join pg_namespace n on n.oid = relnamespace
  where relpersistence = 'p' and seqincrement > 0 and not seqcycle and ${OURS}
    and has_schema_privilege(relnamespace, 'USAGE') and has_sequence_privilege(seqrelid, 'SELECT, USAGE')
  order by c.oid`;

/** For people, and one of a kind: public.prompts, "My schema"."x" */
export function nameOf({ schema, name }: { schema: string; name: string }): string {
  return [schema, name]
    .map((part) => (/^[a-z_][a-z0-9_]*$/.test(part) ? part : `"${part.replaceAll('"', '""')}"`))
    .join(".");
}
