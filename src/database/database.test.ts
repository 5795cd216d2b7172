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
