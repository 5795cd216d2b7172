/**
 * Redaction: what a version says is taken out, for a secret that was pasted by mistake. The version itself stays, with
 * its number, author, time and hash.
 */
import { sql } from "kysely";
import { PromptlibError } from "../contract/errors.ts";
import type { RedactedVersion } from "../contract/shapes.ts";
import type { Database, Queries } from "../database/database.ts";
import type { Id } from "../database/tables.ts";
import { transact } from "../database/transaction.ts";
import type { Actor } from "./actor.ts";
import { changePrompt, recordPromptDeed } from "./change.ts";
import { findVersion, lockPrompt, lockTrashed, type ProjectRef, readLabels, selectVersion } from "./find.ts";
import { forgetWords } from "./search-index.ts";
import { labelsOn, versionSummary } from "./stored.ts";

/**
 * A version that is redacted already stays as it is. In the trash labels count, too: they come back with the prompt.
 * Errors: `prompt_not_found`, `version_not_found`, `version_in_use` as long as a label is on it: applications that fetch
 * it must not break, and a protected label is moved only by whoever may.
 */
export async function redactVersion(
  database: Database,
  project: ProjectRef,
  actor: Actor,
  which: { name: string } | { trashed: Id },
  version: number,
  reason: string,
): Promise<RedactedVersion> {
  const redacted = await transact(database, async (transaction) => {
    const prompt =
      "name" in which
        ? await lockPrompt(transaction, project, which.name)
        : await lockTrashed(transaction, project, which.trashed);
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
      const said = await findVersion(transaction, prompt.id, version);
      await sql`select redact_version(${prompt.id}::bigint, ${version}::int, ${actor.name})`.execute(transaction);
      await changePrompt(transaction, prompt.id);
      await forgetWords(transaction, project.id, said);
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
      hash: row.content_hash,
    };
  });
  const { hash, ...answer } = redacted;
  return { ...answer, copies: await copiesOf(database.reads, project, hash) };
}

/** A duplicate, or the same saved again later: the secret is out only when it is out of these, too. */
async function copiesOf(db: Queries, project: ProjectRef, hash: Buffer): Promise<RedactedVersion["copies"]> {
  return db
    .selectFrom("versions")
    .innerJoin("prompts", "prompts.id", "versions.prompt_id")
    .select(["name", "version", sql<boolean>`trashed_at is not null`.as("trashed")])
    .where("project_id", "=", project.id)
    .where("content_hash", "=", hash)
    .where("redacted_at", "is", null)
    .orderBy(sql`name collate "C"`)
    .orderBy("version")
    .limit(100)
    .execute();
}

function inUse(name: string, version: number, labels: readonly string[]): PromptlibError {
  return new PromptlibError("version_in_use", {
    message: `Version ${version} of “${name}” has the label ${labels.join(", ")}, so applications fetch it.`,
    details: { labels },
  });
}
