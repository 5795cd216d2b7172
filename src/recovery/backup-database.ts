/** PostgreSQL's base backup on its way into the archive: its tar member by member, its manifest beside. */
import { PromptlibError } from "../contract/errors.ts";
import type { BackupEvent, BaseBackup } from "../postgres/replication-base-backup.ts";
import type { ArchiveWriter } from "./archive-writer.ts";

/** Below it the archive holds a data directory that PostgreSQL itself starts. */
export const DATA_PREFIX = "database/pgdata/";

export interface DatabaseSummary {
  bytes: number;
  files: number;
  postgresManifest: Buffer;
}

/** When this returns PostgreSQL has said that its backup is whole. Throws `replication_failed`, `backup_failed`. */
export async function addDatabase(archive: ArchiveWriter, base: BaseBackup): Promise<DatabaseSummary> {
  const events = base.events[Symbol.asyncIterator]();
  const summary = { bytes: 0, files: 0 };
  const archives = new Archives(events);
  while (await archives.next()) {
    await archive.addTar(DATA_PREFIX, archives.bytes(), ({ type, size }) => {
      if (type === "file") summary.files += 1;
      summary.bytes += size;
    });
  }
  return { ...summary, postgresManifest: await archives.manifest() };
}

/** Cuts the one stream of events into its archives and the manifest behind them. */
class Archives {
  readonly #events: AsyncIterator<BackupEvent>;
  #kind: BackupEvent["kind"] | "end" = "progress";

  constructor(events: AsyncIterator<BackupEvent>) {
    this.#events = events;
  }

  /** Goes on to the next archive; false: the manifest follows. */
  async next(): Promise<boolean> {
    while (this.#kind !== "archive" && this.#kind !== "manifest") {
      if ((await this.#take()) !== null) throw incomplete("bytes that belong to no archive");
    }
    const is = this.#kind === "archive";
    if (is) this.#kind = "data";
    return is;
  }

  /** The tar of this archive. */
  async *bytes(): AsyncGenerator<Buffer> {
    for (;;) {
      const bytes = await this.#take();
      if (bytes) yield bytes;
      else if (this.#kind === "archive" || this.#kind === "manifest") return;
    }
  }

  async manifest(): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for (;;) {
      const { value, done } = await this.#events.next();
      if (done) return Buffer.concat(pieces);
      if (value.kind === "data") pieces.push(value.bytes);
    }
  }

  /** The bytes of the next event, if it has any. */
  async #take(): Promise<Buffer | null> {
    const { value, done } = await this.#events.next();
    if (done) throw incomplete("no manifest");
    this.#kind = value.kind;
    return value.kind === "data" ? value.bytes : null;
  }
}

function incomplete(what: string): PromptlibError {
  return new PromptlibError("backup_failed", { message: `PostgreSQL sent ${what}: its backup is not whole.` });
}
