import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { countRows, cutConnections, openLibrary, type TestLibrary } from "../../test/support/library.ts";
import { PromptlibError } from "../contract/errors.ts";
import { recordAudit, recordChange, transact } from "./transaction.ts";

let library: TestLibrary;
beforeEach(async () => {
  library = await openLibrary();
});
afterEach(() => library.close());

const deed = { actor: "user:ada", action: "test", subject: "x", details: "{}" };

describe("a transaction", () => {
  it("that ends well has written what it told, and says so to this server once", async () => {
    const told: unknown[] = [];
    library.database.onCommit = async (changes) => {
      told.push(changes);
    };
    const [changes, deeds] = [await countRows(library, "changes"), await countRows(library, "audit_log")];
    await transact(library.database, async (transaction) => {
      recordChange(transaction, "prompt", "1", "7");
      recordAudit(transaction, deed);
    });
    expect(told).toEqual([[{ kind: "prompt", subject: "1", revision: 7n, tx: expect.stringMatching(/^\d+$/) }]]);
    expect(await countRows(library, "changes")).toBe(Number(changes) + 1);
    expect(await countRows(library, "audit_log")).toBe(Number(deeds) + 1);
  });

  it("that fails has written nothing and says nothing", async () => {
    let told = false;
    library.database.onCommit = async () => {
      told = true;
    };
    const changes = await countRows(library, "changes");
    const failing = transact(library.database, async (transaction) => {
      recordChange(transaction, "prompt", "1", "7");
      throw new Error("no");
    });
    await expect(failing).rejects.toThrow("no");
    expect(told).toBe(false);
    expect(await countRows(library, "changes")).toBe(changes);
  });

  it("that has committed is not done again, nor called failed, when telling of it fails", async () => {
    let runs = 0;
    library.database.onCommit = async () => {
      throw new PromptlibError("database_unavailable");
    };
    const answer = await transact(library.database, async (transaction) => {
      runs += 1;
      recordChange(transaction, "prompt", "1", "1");
      return "done";
    });
    expect([answer, runs]).toEqual(["done", 1]);
  });

  it("that meets another in a deadlock is tried again until both are through", async () => {
    const [a, b] = [
      (await library.save({ name: "a", text: "" })).version,
      (await library.save({ name: "b", text: "" })).version,
    ];
    expect([a, b]).toEqual([1, 1]);
    const inOrder = (names: string[]) =>
      transact(library.database, async (transaction) => {
        for (const name of names) {
          await transaction
            .updateTable("prompts")
            .set({ description: names.join() })
            .where("name", "=", name)
            .execute();
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      });
    await Promise.all([inOrder(["a", "b"]), inOrder(["b", "a"])]);
  });

  it("cut before it ended was not done: the database is away", async () => {
    const cut = transact(library.database, async (transaction) => {
      recordAudit(transaction, deed);
      await transaction.selectFrom("projects").selectAll().execute();
      await cutConnections(library);
    });
    await expect(cut).rejects.toMatchObject({ code: "database_unavailable" });
    // On a connection of its own: those that were cut may not know it yet.
    expect(await library.asSuperuser("select from audit_log")).toEqual([]);
  });
});
