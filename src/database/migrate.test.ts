import { readFile } from "node:fs/promises";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FreshDatabase, freshDatabase } from "../../test/support/database.ts";
import { runOnce } from "../../test/support/library.ts";
import { until } from "../base/clock.ts";
import { labelAt } from "../library/label-history.ts";
import { undoLabel } from "../library/label-undo.ts";
import { listOrSearch } from "../library/search.ts";
import { indexMissing } from "../library/search-index.ts";
import { openDatabase } from "./database.ts";
import { migrate } from "./migrate.ts";

let empty: FreshDatabase;
const clients: pg.Client[] = [];

async function owner(): Promise<pg.Client> {
  const client = new pg.Client(empty.ownerConfig);
  client.on("error", () => {});
  await client.connect();
  clients.push(client);
  return client;
}

/** The database as a program left it that knew these migrations. */
async function migratedBy(client: pg.Client, names: readonly string[]): Promise<void> {
  await client.query("create schema promptlib; set search_path to promptlib");
  await client.query(
    "create table migrations (version int primary key, name text, sha256 text, applied_at timestamptz)",
  );
  for (const name of names) {
    await client.query(await readFile(new URL(`./migrations/${name}`, import.meta.url), "utf8"));
    await client.query("insert into migrations values ($1, $2, '', now())", [Number.parseInt(name, 10), name]);
  }
  await client.query("set search_path to promptlib");
}

const tables = () =>
  runOnce(empty.superuserConfig, "select relname from pg_class where relnamespace = to_regnamespace('promptlib')");

beforeEach(async () => {
  empty = await freshDatabase({ empty: true });
});
afterEach(async () => {
  for (const client of clients.splice(0)) await client.end().catch(() => {});
  await empty.drop();
});

describe("migrating", () => {
  it("an empty database brings it to this program's version, once", async () => {
    const client = await owner();
    const first = await migrate(client);
    expect(first.from).toBe(0);
    expect(first.to).toBeGreaterThan(0);
    expect(await migrate(client)).toEqual({ from: first.to, to: first.to });
  });

  it("from two servers at once is done by one of them", async () => {
    const results = await Promise.all([migrate(await owner()), migrate(await owner()), migrate(await owner())]);
    expect(results.map(({ from }) => from).filter((from) => from === 0)).toHaveLength(1);
  });

  it("a database that a newer program wrote is refused, and changes nothing", async () => {
    const client = await owner();
    const { to } = await migrate(client);
    await client.query("insert into promptlib.migrations (version, name, sha256) values (999, '0999-future.sql', '')");
    const before = await tables();
    await expect(migrate(client)).rejects.toMatchObject({ code: "database_newer" });
    expect(await tables()).toEqual(before);
    // and holds no lock that keeps the newer program out
    await client.query("delete from promptlib.migrations where version = 999");
    expect(await migrate(await owner())).toMatchObject({ from: to });
  });

  it("a database of the first version keeps what is in it, and its labels can be asked about and undone", async () => {
    const client = await owner();
    await migratedBy(client, ["0001-library.sql"]);
    await client.query(`insert into prompts (project_id, name, type, newest) values (1, 'a', 'text', 2);
      insert into versions (prompt_id, version, text, variables, config, template, content_hash, author)
        select 1, version, 'x', '{}', '{}', 'mustache', '', 'user:ada' from generate_series(1, 2) as version;
      insert into labels (prompt_id, label, version, moved_at, moved_by)
        values (1, 'production', 2, '2026-01-01T00:00:00.1234567Z', 'user:ada');
      insert into label_moves (prompt_id, label, from_version, to_version, moved_at, moved_by)
        values (1, 'production', 1, 2, '2026-01-01T00:00:00.1234567Z', 'user:ada')`);
    expect(await migrate(client)).toMatchObject({ from: 1 });
    const library = openDatabase(empty.appConfig, null);
    try {
      const project = { id: "1", name: "default" };
      const at = "2026-01-01T00:00:00.123Z";
      const there = { label: "production", version: 2, movedAt: at, movedBy: "user:ada" };
      expect(await labelAt(library.reads, project, "a", "production", at)).toEqual(there);
      const undone = await undoLabel(library, project, { name: "user:ada", address: null }, "a", "production", 2);
      expect(undone).toMatchObject({ version: 1, undone: { movedAt: at } });
    } finally {
      await library.close();
    }
  });

  it("a database from before search knew labels keeps what is in it, and all of it is found again", async () => {
    const client = await owner();
    await migratedBy(client, ["0001-library.sql", "0002-labels-and-names.sql", "0003-search.sql"]);
    await client.query(`insert into prompts (project_id, name, type, newest, tags, trashed_at)
        select 1, 'many/' || n, 'text', 2, array['red'], case when n = 7 then now() end
        from generate_series(1, 230) as n;
      insert into versions (prompt_id, version, text, variables, config, template, content_hash, author)
        select id, version, name || case version when 1 then ' mammoth' else ' bear' end, '{}', '{}', 'mustache', '',
          'user:ada' from prompts, generate_series(1, 2) as version;
      insert into labels (prompt_id, label, version, moved_by)
        select id, 'production', 1, 'user:ada' from prompts where name like '%5';
      insert into search_heads (prompt_id, project_id, name, head) select id, 1, name, name from prompts;
      insert into search_documents (prompt_id, version, project_id, words) select id, 2, 1, 'old' from prompts`);
    expect(await migrate(client)).toMatchObject({ from: 3 });
    const library = openDatabase(empty.appConfig, null);
    try {
      const project = { id: "1", name: "default" };
      const found = async (search: string, filter = {}) =>
        (await listOrSearch(library.reads, project, { search, ...filter })).total;
      expect(await indexMissing(library)).toBe(229);
      expect([await found("bear"), await found("mammoth"), await found("old")]).toEqual([229, 23, 0]);
      expect(await found("bear", { tag: "red", folder: "many" })).toBe(229);
      expect(await indexMissing(library)).toBe(0);
    } finally {
      await library.close();
    }
  });

  it("that is cut in the middle leaves nothing, and goes through the next time", async () => {
    // Someone else's uncommitted table of the same name holds the migration up half way.
    const other = await owner();
    await other.query("create schema promptlib");
    await other.query("begin; create table promptlib.audit_log ()");
    const cut = migrate(await owner());
    cut.catch(() => {});
    const waiting = await until(
      async () => {
        const rows = await runOnce(
          empty.superuserConfig,
          "select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
        );
        return rows.length > 0;
      },
      { timeout: 20_000 },
    );
    expect(waiting).toBe(true);
    await runOnce(
      empty.superuserConfig,
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
    );
    await expect(cut).rejects.toThrow();
    await other.query("rollback");
    expect(await tables()).toEqual([]);
    expect(await migrate(await owner())).toMatchObject({ from: 0 });
  });
});
