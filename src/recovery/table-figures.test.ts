import { createHash } from "node:crypto";
import pg from "pg";
import { beforeEach, describe, expect, it } from "vitest";
import { type FreshDatabase, freshDatabase } from "../../test/support/database.ts";
import { until } from "../base/clock.ts";
import type { AttestedDatabase } from "./layout.ts";
import { beginReading, holdTables, tableFigures } from "./table-figures.ts";

const { signal } = new AbortController();
const EMPTY = "0".repeat(112);
let fresh: FreshDatabase;
let owner: pg.Client;
let admin: pg.Client;

beforeEach(async () => {
  fresh = await freshDatabase({ empty: true });
  owner = await connect(fresh.ownerConfig);
  admin = await connect(fresh.superuserConfig);
  await admin.query("alter schema public owner to promptlib_owner");
  return async () => {
    for (const client of [owner, admin]) await client.end();
    await fresh.drop();
  };
});

async function connect(config: pg.ClientConfig): Promise<pg.Client> {
  const client = new pg.Client(config);
  client.on("error", () => {});
  await client.connect();
  return client;
}

async function figures(config = fresh.guardConfig): Promise<AttestedDatabase> {
  const client = await connect(config);
  try {
    return await tableFigures(client, { signal });
  } finally {
    await client.end();
  }
}

async function hashOf(name: string): Promise<string> {
  return (await figures()).tables.find((table) => table.name === name)?.hash ?? "none";
}

async function makeTable(order: string): Promise<void> {
  await owner.query(`
    drop table if exists t;
    create table t (n int, at timestamptz, f float8, b bytea, w text, j jsonb, i interval);
    insert into t select n, timestamptz '2026-03-01 00:00Z' + n * interval '1 hour', n / 3.0, sha256(n::text::bytea),
      repeat('ü' || n, 1000), jsonb_build_object('b', n, 'a', null), n * interval '1 day' from generate_series(1, 50) n
      order by ${order}`);
}

describe("the hash of a table", () => {
  it("is the sum of sha256(record_send(row)) in four parts, which anybody can work out", async () => {
    await owner.query("create table t (n int); insert into t values (1), (-7), (null)");
    const rows = [1, -7, null].map((n) => {
      const head = Buffer.from([0, 0, 0, 1, 0, 0, 0, 23]); // one column, of type int4
      const value = Buffer.alloc(n === null ? 4 : 8);
      value.writeInt32BE(n === null ? -1 : 4, 0);
      if (n !== null) value.writeInt32BE(n, 4);
      return createHash("sha256").update(head).update(value).digest();
    });
    const parts = [0, 8, 16, 24].map((at) => rows.reduce((sum, hash) => sum + hash.readBigUInt64BE(at), 0n));
    const hash = parts.map((part) => part.toString(16).padStart(28, "0")).join("");
    expect((await figures()).tables).toEqual([{ name: "public.t", rows: "3", hash }]);
  });

  it("does not depend on the order of the rows, and does on each byte of them", async () => {
    await makeTable("n");
    const before = await hashOf("public.t");
    await makeTable("n desc");
    expect(await hashOf("public.t")).toBe(before);
    await owner.query("update t set b = set_byte(b, 31, get_byte(b, 31) # 1) where n = 17");
    expect(await hashOf("public.t")).not.toBe(before);
    await owner.query("update t set b = set_byte(b, 31, get_byte(b, 31) # 1) where n = 17");
    expect(await hashOf("public.t")).toBe(before);
    await owner.query("delete from t where n = 17; insert into t select * from t where n = 18");
    expect(await hashOf("public.t")).not.toBe(before);
  });

  it("does not depend on settings", async () => {
    await makeTable("n");
    const before = await hashOf("public.t");
    const settings =
      "-c timezone=Asia/Kathmandu -c extra_float_digits=-15 -c bytea_output=escape -c datestyle=german " +
      "-c intervalstyle=iso_8601 -c search_path=nowhere -c standard_conforming_strings=off -c row_security=on " +
      "-c default_transaction_read_only=on -c statement_timeout=1h -c client_encoding=latin1 -c quote_all_identifiers=on";
    const other = await figures({ ...fresh.guardConfig, options: settings, client_encoding: "latin1" });
    expect(other.tables).toEqual([{ name: "public.t", rows: "50", hash: before }]);
  });

  it("does not depend on what somebody has put before PostgreSQL's own functions", async () => {
    await makeTable("n");
    const before = await hashOf("public.t");
    await owner.query("create function public.sha256(bytea) returns bytea language sql as $$ select '\\x00'::bytea $$");
    const options = "-c search_path=public,pg_catalog";
    expect((await figures({ ...fresh.ownerConfig, options })).tables[0]?.hash).toBe(before);
  });
});

describe("what is compared", () => {
  it("is every permanent table, partition and materialized view, under whatever name", async () => {
    await owner.query(`
      create table empty (n int);
      create table columnless ();
      insert into columnless default values;
      create table t (t text, "hex" text, hashed int);
      insert into t values ('a', 'b', 1);
      create table parent (n int); insert into parent values (1);
      create table child () inherits (parent); insert into child values (2), (3);
      create table parted (n int) partition by range (n);
      create table part_1 partition of parted for values from (0) to (10);
      create table part_2 partition of parted for values from (10) to (20);
      insert into parted values (1), (11), (12);
      create materialized view filled as select * from parted;
      create schema "Ödd.""schema""";
      create table "Ödd.""schema"""."select; --" (" " int);
      insert into "Ödd.""schema"""."select; --" values (1)`);
    const { tables } = await figures();
    expect(Object.fromEntries(tables.map(({ name, rows }) => [name, rows]))).toEqual({
      "public.empty": "0",
      "public.columnless": "1",
      "public.t": "1",
      "public.parent": "1",
      "public.child": "2",
      "public.part_1": "1",
      "public.part_2": "2",
      "public.filled": "3",
      '"Ödd.""schema"""."select; --"': "1",
    });
    expect(tables.find(({ name }) => name === "public.empty")?.hash).toBe(EMPTY);
  });

  it("is not: unlogged, temporary and foreign tables, and what is in the catalog; each is listed", async () => {
    await owner.query(`
      create unlogged table fast (n int); create temporary table mine (n int);
      create materialized view never as select 1 with no data;
      create domain rights as aclitem[]; create type pair as (n int, r rights);
      create table odd (n int, p pair[]); create table plain (r aclitem)`);
    await admin.query(`
      create foreign data wrapper nothing; create server nowhere foreign data wrapper nothing;
      create foreign table public.far (n int) server nowhere; select lo_create(0)`);
    const { tables, notCompared } = await figures();
    expect(tables).toEqual([]);
    expect(notCompared.map((sentence) => sentence.replace(/^pg_temp_\d+/, "pg_temp"))).toEqual([
      "the catalog: definitions, roles and rights",
      "public.fast: unlogged, and so empty after every restore",
      "pg_temp.mine: temporary",
      "public.never: a materialized view that was never filled",
      "public.odd: a column holds the type aclitem, which has no binary form",
      "public.plain: a column holds the type aclitem, which has no binary form",
      "public.far: a foreign table, whose rows are elsewhere",
      "large objects: they lie in the catalog",
    ]);
  });

  it("is what row-level security hides, or is said not to be; what may not be read neither", async () => {
    await owner.query(`
      create table hidden as select generate_series(1, 10) n; create table closed (n int);
      alter table hidden enable row level security; alter table hidden force row level security;
      grant usage on schema public to promptlib_app; grant select on hidden to promptlib_app`);
    expect((await figures()).tables.map(({ name, rows }) => [name, rows])).toEqual([
      ["public.hidden", "10"],
      ["public.closed", "0"],
    ]);
    expect(await figures(fresh.appConfig)).toMatchObject({
      tables: [],
      notCompared: [
        "the catalog: definitions, roles and rights",
        "public.hidden: row-level security hides rows from this login",
        "public.closed: this login may not read it",
      ],
    });
  });

  it("is what each sequence handed out at least, of those that only rise", async () => {
    await owner.query(`
      create sequence never start 5 increment 3; create sequence once; create sequence far start 9223372036854775806;
      create sequence down increment -1; create sequence round cycle; create sequence low minvalue -9223372036854775808;
      create table t (id int generated always as identity); insert into t default values; insert into t default values;
      select nextval('once'), nextval('far')`);
    const { sequences } = await figures();
    expect(Object.fromEntries(sequences.map(({ name, value }) => [name, value]))).toEqual({
      "public.never": "2",
      "public.once": "1",
      "public.far": "9223372036854775806",
      "public.low": "-9223372036854775809",
      "public.t_id_seq": "2",
    });
  });

  it("is a table with columns that are computed when it is read", async (test) => {
    const { rows } = await owner.query("select current_setting('server_version_num')::int as version");
    if (rows[0].version < 180_000) return test.skip();
    await owner.query(
      "create table t (n int, twice int generated always as (n * 2) virtual); insert into t values (1)",
    );
    expect((await figures()).tables).toMatchObject([{ name: "public.t", rows: "1" }]);
  });
});

describe("a snapshot that cannot be read any more is told to be so: between it and the locks a table was", () => {
  const changes: Record<string, string> = {
    truncated: "truncate t",
    dropped: "drop table t",
    rewritten: "alter table t alter n type bigint",
    "given a column": "alter table t add m int default 7",
    "robbed of a column": "alter table t drop w",
    "refreshed, being a materialized view": "refresh materialized view v",
    "moved to another schema": "create schema other; alter table t set schema other",
  };
  for (const [what, change] of Object.entries(changes)) {
    it(what, async () => {
      await owner.query("create table t as select 1 as n, 'x' as w; create materialized view v as select 1");
      const reader = await connect(fresh.guardConfig);
      await beginReading(reader);
      await reader.query("select");
      await owner.query(change);
      expect(await holdTables(reader)).toBeNull();
      await reader.query("rollback");
      await beginReading(reader);
      expect(await holdTables(reader)).not.toBeNull();
      await reader.end();
    });
  }

  it("or is still locked by somebody who is at it", async () => {
    await owner.query("create table t (n int)");
    await admin.query("begin; truncate public.t");
    const reader = await connect(fresh.guardConfig);
    await beginReading(reader);
    expect(await holdTables(reader)).toBeNull();
    await admin.query("rollback");
    await reader.end();
  });
});

it("reading ends when it is told to, and PostgreSQL does not go on with it", async () => {
  await owner.query("create table t as select n, repeat('x', 1000) from generate_series(1, 300000) n");
  const abort = new AbortController();
  const client = await connect(fresh.guardConfig);
  const reading = tableFigures(client, { signal: abort.signal });
  const refused = expect(reading).rejects.toMatchObject({ code: "interrupted" });
  const active = async () =>
    (
      await admin.query(
        "select from pg_stat_activity where state = 'active' and query like '%record_send%' and pid <> pg_backend_pid()",
      )
    ).rowCount;
  expect(await until(active, { timeout: 20_000, every: 2 })).toBeTruthy();
  abort.abort();
  await refused;
  expect(await until(async () => (await active()) === 0, { timeout: 20_000 })).toBe(true);
  await expect(tableFigures(client, { signal: abort.signal })).rejects.toMatchObject({ code: "interrupted" });
});
