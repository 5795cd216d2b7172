import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { cutConnections, openLibrary, type TestLibrary } from "../../test/support/library.ts";
import { until } from "../base/clock.ts";

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
