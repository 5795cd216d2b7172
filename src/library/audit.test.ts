import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { ACTOR, openLibrary, type TestLibrary } from "../../test/support/library.ts";
import type { AuditFilter } from "../contract/audit.ts";
import { openDatabase } from "../database/database.ts";
import { transact } from "../database/transaction.ts";
import { recordDeed } from "./actor.ts";
import { exportAudit, listAudit } from "./audit.ts";

let library: TestLibrary;

beforeAll(async () => {
  library = await openLibrary();
  await deed("user:ada", "website", "key.create", "k1");
  await deed("user:bob", "website", "key.revoke", "k1");
  await deed("user:ada", "side", "key.create", "k2");
  await deed("user:ada", null, "user.create", "key");
  await deed("user:ada", null, "keyring.open", "k1");
  await library.asSuperuser(`alter table audit_log disable trigger user;
    update audit_log set at = '2026-01-01T00:00:00Z'::timestamptz + id * interval '1 day';
    alter table audit_log enable trigger user`);
});
afterAll(() => library.close());

async function deed(name: string, project: string | null, action: string, subject: string): Promise<void> {
  await transact(library.database, async (transaction) =>
    recordDeed(transaction, { ...ACTOR, name }, { project, action, subject, details: { a: 1 } }),
  );
}
const list = async (filter: AuditFilter) =>
  await listAudit(library.database.reads, { limit: 100, cursor: null }, filter);
const idsOf = async (filter: AuditFilter) => (await list(filter)).items.map(({ id }) => Number(id));
const exported = async (filter: AuditFilter = {}) => Array.fromAsync(exportAudit(library.database.reads, filter));

describe("the audit log", () => {
  it.each<[AuditFilter, number[]]>([
    [{}, [5, 4, 3, 2, 1]],
    [{ actor: "user:bob" }, [2]],
    [{ action: "key.create" }, [3, 1]],
    [{ action: "key" }, [3, 2, 1]],
    [{ subject: "k1" }, [5, 2, 1]],
    [{ project: "website" }, [2, 1]],
    [{ project: "website", actor: "user:ada", action: "key" }, [1]],
    [{ from: "2026-01-03T00:00:00Z" }, [5, 4, 3, 2]],
    [{ to: "2026-01-03T00:00:00Z" }, [1]],
    [{ from: "2026-01-03T00:00:00Z", to: "2026-01-05T00:00:00Z" }, [3, 2]],
    [{ actor: "user:" }, []],
    [{ action: "ke" }, []],
    [{ subject: "%" }, []],
  ])("filtered by %j shows what matches, the newest first, and counts it", async (filter, ids) => {
    expect(await idsOf(filter)).toEqual(ids);
    expect(await list(filter)).toMatchObject({ total: ids.length, totalIsExact: true, nextCursor: null });
    expect((await exported(filter)).map(({ id }) => Number(id))).toEqual(ids.toReversed());
  });

  it("goes on behind a page with the same filter", async () => {
    const page = (cursor: string | null) =>
      listAudit(library.database.reads, { limit: 2, cursor }, { actor: "user:ada" });
    const first = await page(null);
    const second = await page(first.nextCursor);
    expect([...first.items, ...second.items].map(({ id }) => Number(id))).toEqual([5, 4, 3, 1]);
    expect(second.nextCursor).toBeNull();
  });

  it("is exported whole, over batches and gaps of any size, without what is written meanwhile", async () => {
    await library.asSuperuser(`insert into audit_log (actor, action, subject)
      select 'user:many', 'many.deeds', n::text from generate_series(1, 1201) as n`);
    await library.asSuperuser(`insert into audit_log (id, actor, action, subject) overriding system value
      values (200000, 'user:many', 'many.deeds', '1202')`);
    await library.asSuperuser("select setval(pg_get_serial_sequence('audit_log', 'id'), 200000)");
    const subjects: string[] = [];
    for await (const { subject } of exportAudit(library.database.reads, { actor: "user:many" })) {
      if (subjects.length === 0) await deed("user:many", null, "many.deeds", "meanwhile");
      subjects.push(subject);
    }
    expect(subjects).toEqual(Array.from({ length: 1202 }, (_, index) => String(index + 1)));
    expect((await exported())[0]).toMatchObject({ actor: "user:ada", details: { a: 1 }, address: ACTOR.address });
  });

  it("is not read as a whole for the few entries that somebody looks for", async () => {
    const other = await openLibrary();
    await other.asSuperuser(`insert into audit_log (actor, action, subject)
      select 'user:many', 'many.deeds', 'one of many' from generate_series(1, 20000)`);
    await transact(other.database, async (transaction) => {
      recordDeed(transaction, { ...ACTOR, name: "user:rare" }, { project: null, action: "rare.deed", subject: "rare" });
    });
    await other.asSuperuser("analyze audit_log");
    const indexes = async () => {
      // Its own numbers reach the statistics when the session that asked has ended.
      return await other.asSuperuser(`select indexrelname as index from pg_stat_user_indexes
        where indexrelname like 'audit_log_by_%' and idx_scan > 0 order by 1`);
    };
    for (const filter of [{ actor: "user:rare" }, { subject: "rare" }, { action: "rare" }]) {
      const database = openDatabase(other.fresh.appConfig, null);
      expect((await listAudit(database.reads, { limit: 50, cursor: null }, filter)).items).toHaveLength(1);
      await database.close();
    }
    const used = ["action", "actor", "subject"].map((of) => ({ index: `audit_log_by_${of}` }));
    await vi.waitFor(async () => expect(await indexes()).toEqual(used), { timeout: 20_000 });
    await other.close();
  });

  it("that is empty is exported as nothing", async () => {
    const other = await openLibrary();
    expect(await Array.fromAsync(exportAudit(other.database.reads, {}))).toEqual([]);
    await other.close();
  });
});
