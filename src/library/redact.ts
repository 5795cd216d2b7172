/**
 * Redaction: what a version says is taken out, for a secret that was pasted by mistake. The version itself stays, with
 * its number, author, time and hash.
 */
import { sql } from "kysely";
import { PromptlibError } from "../contract/errors.ts";
import type { RedactedVersion } from "../contract/shapes.ts";
import type { Database } from "../database/database.ts";
import { transact } from "../database/transaction.ts";
import type { Actor } from "./actor.ts";
import { changePrompt, recordPromptDeed } from "./change.ts";
import { lockPrompt, type ProjectRef, readLabels, selectVersion } from "./find.ts";
import { labelsOn, versionSummary } from "./stored.ts";

/**
 * A version that is redacted already stays as it is.
 * Errors: `prompt_not_found`, `version_not_found`, `version_in_use` as long as a label is on it: applications that fetch
 * it must not break, and a protected label is moved only by whoever may.
 */
export async function redactVersion(
  database: Database,
  project: ProjectRef,
  actor: Actor,
  name: string,
  version: number,
  reason: string,
): Promise<RedactedVersion> {
  return transact(database, async (transaction) => {
    const prompt = await lockPrompt(transaction, project, name);
    selectVersion(prompt, {}, { version });
    const labels = labelsOn(version, await readLabels(transaction, prompt.id), prompt.newest);
    if (labels.length > 0) throw inUse(prompt.name, version, labels);
    const read = () =>
      transaction
        .selectFrom("versions")
        .select(["version", "author", "message", "created_at", "content_hash", "redacted_at", "redacted_by"])
        .where("prompt_id", "=", prompt.id)
        .where("version", "=", version)
        .executeTakeFirstOrThrow();
    if ((await read()).redacted_at === null) {
      await sql`select redact_version(${prompt.id}::bigint, ${version}::int, ${actor.name})`.execute(transaction);
      await changePrompt(transaction, prompt.id);
      const details = { version, reason };
      recordPromptDeed(transaction, project, actor, { action: "version.redact", subject: prompt.name, details });
    }
    const row = await read();
    return {
      name: prompt.name,
      ...versionSummary(row),
      labels: [],
      redactedAt: row.redacted_at?.toISOString() ?? null,
      redactedBy: row.redacted_by,
      // Nothing deletes backups yet, so nothing is known of an end.
      heldByBackupsUntil: null,
    };
  });
}

function inUse(name: string, version: number, labels: readonly string[]): PromptlibError {
  return new PromptlibError("version_in_use", {
    message: `Version ${version} of “${name}” has the label ${labels.join(", ")}, so applications fetch it.`,
    details: { labels },
  });
}
