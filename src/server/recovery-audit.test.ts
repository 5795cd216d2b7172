import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openLog } from "../base/log.ts";
import { openDatabase } from "../database/database.ts";
import { RecoveryAudit } from "./recovery-audit.ts";

it("who orders something waits a moment for the audit log, also while an earlier entry is not through", async () => {
  const directory = await mkdtemp(join(tmpdir(), "recovery-audit-"));
  const database = openDatabase({ host: "127.0.0.1", port: 1 }, null);
  let asked = 0;
  const frozen = {
    ask: async () => {
      asked += 1;
      return await new Promise<never>(() => {});
    },
  };
  const audit = new RecoveryAudit(frozen, { log: openLog("error", join(directory, "log")), database: () => database });
  try {
    await audit.soon();
    await audit.soon();
    expect(asked).toBe(1);
  } finally {
    audit.close();
    await database.close();
    await rm(directory, { recursive: true });
  }
});
