import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FreshDatabase, freshDatabase } from "../../test/support/database.ts";
import { runOnce } from "../../test/support/library.ts";
import { describeServer, serverTime } from "./backup-server.ts";

let fresh: FreshDatabase;
beforeAll(async () => {
  fresh = await freshDatabase({ empty: true });
});
afterAll(() => fresh.drop());

describe("a server that is backed up", () => {
  it("is described with all that a restore must know, by a login that may do little", async () => {
    const { postgres, settings } = await describeServer(fresh.guardConfig);
    expect(postgres).toEqual({
      version: expect.stringMatching(/^\d+/),
      major: expect.any(Number),
      checksums: expect.any(Boolean),
    });
    expect(postgres.version).toContain(String(postgres.major));
    expect(Object.keys(settings).sort()).toEqual([
      ...["max_connections", "max_locks_per_transaction", "max_prepared_transactions", "max_wal_senders"],
      "max_worker_processes",
    ]);
    for (const value of Object.values(settings)) expect(value).toMatch(/^\d+$/);
  });

  it("tells a time that no commit before it is later than", async () => {
    const [row] = await runOnce(fresh.guardConfig, "select clock_timestamp()::text as at, clock_timestamp() as exact");
    const at = await serverTime(fresh.guardConfig);
    expect(at).toMatch(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/);
    const [{ later } = { later: null }] = (await runOnce(
      fresh.guardConfig,
      `select timestamptz '${at}' > timestamptz '${(row as { at: string }).at}' as later`,
    )) as { later: boolean }[];
    expect(later).toBe(true);
  });

  it("that is away is an error, and nothing hangs", async () => {
    await expect(serverTime({ ...fresh.guardConfig, host: "/nowhere" })).rejects.toThrow();
  });
});
