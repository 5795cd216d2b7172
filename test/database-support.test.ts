import pg from "pg";
import { expect, it } from "vitest";
import { freshDatabase } from "./support/database.ts";

it("each test gets a migrated database of its own, reached by each role, and gone when dropped", async () => {
  const [one, other] = [await freshDatabase(), await freshDatabase()];
  expect(one.name).not.toBe(other.name);
  for (const config of [one.ownerConfig, one.appConfig, one.guardConfig, one.superuserConfig]) {
    const client = new pg.Client(config);
    await client.connect();
    const { rows } = await client.query(
      "select current_user as me, to_regclass('promptlib.migrations') is not null as migrated",
    );
    expect(rows[0]).toEqual({ me: config.user, migrated: true });
    await client.end();
  }
  await one.drop();
  await other.drop();
  await expect(new pg.Client(one.appConfig).connect()).rejects.toThrow(/does not exist/);
});
