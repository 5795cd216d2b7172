import { readFile } from "node:fs/promises";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FreshDatabase, freshDatabase } from "../../test/support/database.ts";
import { runOnce } from "../../test/support/library.ts";
import { until } from "../base/clock.ts";
import { labelAt } from "../library/label-history.ts";
import { undoLabel } from "../library/label-undo.ts";
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
    const first = await readFile(new URL("./migrations/0001-library.sql", import.meta.url), "utf8");
    await client.query("create schema promptlib; set search_path to promptlib");
    await client.query(
      "create table migrations (version int primary key, name text, sha256 text, applied_at timestamptz)",
    );
    await client.query(first);
    await client.query(`insert into migrations values (1, '0001-library.sql', '', now());
      insert into prompts (project_id, name, type, newest) values (1, 'a', 'text', 2);
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
