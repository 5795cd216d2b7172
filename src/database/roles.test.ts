import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FreshDatabase, freshDatabase } from "../../test/support/database.ts";
import { openLibrary, runOnce, type TestLibrary } from "../../test/support/library.ts";
import { openDatabase, sessionOptions } from "./database.ts";
import { migrate } from "./migrate.ts";
import { prepareExternalRoles } from "./roles.ts";

const CHANGES_OF_THE_PAST = [
  "update audit_log set actor = 'nobody'",
  "delete from audit_log",
  "truncate audit_log",
  "update versions set text = 'other'",
  "delete from versions",
  "update label_moves set moved_by = 'nobody'",
  "delete from label_moves",
  "delete from prompts",
  "drop table audit_log",
  "alter table audit_log disable trigger all",
];

describe("the server's login", () => {
  let library: TestLibrary;
  beforeAll(async () => {
    library = await openLibrary();
    await library.save({ name: "a", text: "one", labels: ["production"] });
  });
  afterAll(() => library.close());

  it.each(CHANGES_OF_THE_PAST)("is refused: %s", async (statement) => {
    await expect(runOnce(library.fresh.appConfig, statement)).rejects.toMatchObject({ code: "42501" });
  });

  it.each(CHANGES_OF_THE_PAST.slice(0, 3))(
    "cannot be outdone by the owner of the tables without leave: %s",
    async (statement) => {
      await expect(runOnce(library.fresh.ownerConfig, statement)).rejects.toThrow("only ever added to");
    },
  );
});

describe("a PostgreSQL that is not ours", () => {
  let external: FreshDatabase;
  const login = `ext_${Date.now()}`;
  let config: pg.ClientConfig;
  beforeAll(async () => {
    external = await freshDatabase({ empty: true });
    await runOnce(external.superuserConfig, `create role ${login} login createrole password 'x'`);
    await runOnce(external.superuserConfig, `alter database ${external.name} owner to ${login}`);
    const { rows } = {
      rows: await runOnce(external.superuserConfig, "select current_setting('server_version_num')::int as v"),
    };
    // Roles are the cluster's: where this login did not make them itself, somebody must give them to it.
    const give = (rows[0] as { v: number }).v >= 160000 ? " with admin option" : "";
    await runOnce(external.superuserConfig, `grant promptlib_owner, promptlib_app to ${login}${give}`);
    config = { ...external.superuserConfig, user: login, password: "x" };
  });
  afterAll(async () => {
    await runOnce(external.superuserConfig, `alter database ${external.name} owner to postgres`);
    await runOnce(external.superuserConfig, `drop owned by ${login}`);
    await external.drop();
  });

  async function migrateAsOwner(): Promise<void> {
    const client = new pg.Client({ ...config, options: sessionOptions("promptlib_owner") });
    await client.connect();
    await migrate(client);
    await client.end();
  }

  it("is prepared by one login that may make roles, any number of times, and migrated as the owner", async () => {
    await prepareExternalRoles(config, null);
    await Promise.all([prepareExternalRoles(config, null), prepareExternalRoles(config, null)]);
    await migrateAsOwner();
    const database = openDatabase(config, "promptlib_app");
    expect(await database.reads.selectFrom("projects").select("name").execute()).toEqual([{ name: "default" }]);
    await database.close();
  });

  it("refuses changes of the audit log to that login, whichever role it takes", async () => {
    await prepareExternalRoles(config, null);
    await migrateAsOwner();
    for (const role of ["promptlib_app", "promptlib_owner"]) {
      const options = sessionOptions(role);
      const client = new pg.Client({ ...config, options });
      await client.connect();
      await client.query("insert into audit_log (actor, action, subject) values ('a', 'b', 'c')");
      for (const statement of CHANGES_OF_THE_PAST.slice(0, 3)) {
        await expect(client.query(statement)).rejects.toMatchObject({ code: "42501" });
      }
      await client.end();
    }
  });

  it("needs no right to make roles once somebody else has made and given them", async () => {
    await prepareExternalRoles(config, null);
    const poor = `${login}_poor`;
    await runOnce(external.superuserConfig, `create role ${poor} login password 'x'`);
    await runOnce(external.superuserConfig, `grant promptlib_owner, promptlib_app to ${poor}`);
    await prepareExternalRoles({ ...config, user: poor }, poor);
  });
});
