import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { cutConnections, openLibrary, type TestLibrary } from "../../test/support/library.ts";
import { until } from "../base/clock.ts";
import { KEPT_PLAN } from "./database.ts";

let library: TestLibrary;
beforeEach(async () => {
  library = await openLibrary();
});
afterEach(() => library.close());

describe("a database whose connections were cut", () => {
  it("is used again as soon as it answers", async () => {
    await library.database.reads.selectFrom("projects").selectAll().execute();
    await cutConnections(library);
    const again = await until(
      () =>
        library.database.reads
          .selectFrom("projects")
          .selectAll()
          .execute()
          .catch(() => null),
      { timeout: 20_000 },
    );
    expect(again).toHaveLength(1);
  });

  it("opens new ones when it forgets those it has", async () => {
    library.database.renew();
    expect(await library.database.reads.selectFrom("projects").selectAll().execute()).toHaveLength(1);
  });
});

describe("a statement whose plan is kept", () => {
  const asked = sql<{ name: string }>`${sql.raw(KEPT_PLAN)} select * from projects`;

  const keptPlans = async () =>
    (await sql`select from pg_prepared_statements`.execute(library.database.searches)).rows.length;

  it("is planned once for a connection", async () => {
    for (let again = 0; again < 3; again++) await asked.execute(library.database.searches);
    expect(await keptPlans()).toBe(1);
  });

  it("is one of not too many", async () => {
    for (let n = 0; n < 40; n++) {
      const { rows } = await sql`${sql.raw(KEPT_PLAN)} select ${sql.lit(n)} as n`.execute(library.database.searches);
      expect(rows).toEqual([{ n }]);
    }
    expect(await keptPlans()).toBe(16);
  });

  it("is answered though somebody changes the table meanwhile", async () => {
    for (let again = 0; again < 3; again++) {
      const { rows } = await asked.execute(library.database.searches);
      expect(rows).toMatchObject([{ name: "default" }]);
      await library.asSuperuser(`alter table projects add column added_${again} text`);
    }
  });
});

describe("a search that is given up", () => {
  it("does not begin when it gets its turn", async () => {
    const { searches, searchesUntil } = library.database;
    const taken = Promise.withResolvers<void>();
    const over = Promise.withResolvers<void>();
    let busy = 0;
    const others = Array.from({ length: 4 }, () =>
      searches.connection().execute(async () => {
        busy += 1;
        if (busy === 4) taken.resolve();
        await over.promise;
      }),
    );
    await taken.promise;
    const enough = new AbortController();
    const search = searchesUntil(enough.signal).selectFrom("projects").selectAll().execute();
    enough.abort();
    over.resolve();
    await expect(search).rejects.toThrow("aborted");
    await Promise.all(others);
    const next = searchesUntil(new AbortController().signal).selectFrom("projects").selectAll().execute();
    expect(await next).toHaveLength(1);
  });
});
