/**
 * The server: REST and sign-in, thin routes over the library. It never reaches PostgreSQL's files, nor the guardian's
 * but for the last known mode of maintenance.
 *
 * This file holds together what the routes stand on: the database, the change feed that keeps memory current,
 * prompts ready for fetching, who may what, and the mirror.
 */
import { join } from "node:path";
import pg from "pg";
import type { Config } from "../base/config.ts";
import { keptSecret } from "../base/home.ts";
import type { Log } from "../base/log.ts";
import { PromptlibError } from "../contract/errors.ts";
import { postgresConnection } from "../database/connection.ts";
import type { RecordedChange } from "../database/database.ts";
import { abandon, type Database, isAway, openDatabase, type Queries, sessionOptions } from "../database/database.ts";
import { Feed } from "../database/feed.ts";
import { migrate } from "../database/migrate.ts";
import { prepareExternalRoles } from "../database/roles.ts";
import { AccessList } from "../library/access.ts";
import { readAccessFile } from "../library/access-file.ts";
import type { ProjectRef, Selector } from "../library/find.ts";
import { fetchMirrored, mirrorExists, mirroredRevision } from "../library/mirror-reader.ts";
import { MirrorWriter } from "../library/mirror-writer.ts";
import { makePassword } from "../library/passwords.ts";
import { type ReadyAnswer, ReadyPrompts, readyAnswer } from "../library/ready.ts";
import { indexMissing } from "../library/search-index.ts";
import { createFirstAdmin, hasUsers } from "../library/users.ts";
import { backOff, waited } from "../sdk/back-off.ts";
import { ChangeEvents } from "./change-events.ts";
import { toldByMirror } from "./failure.ts";
import { listenerLimit } from "./listener-limit.ts";
import { isUnavailable, listPatiently, patiently } from "./patience.ts";

export interface BackendOptions {
  log: Log;
  onFirstAdmin(username: string, password: string): void;
  onRefused(error: PromptlibError): void;
}

export interface Fetched extends ReadyAnswer {
  fromMirror: boolean;
}

export class Backend {
  readonly config: Config;
  readonly log: Log;
  readonly jwtSecret: string;
  readonly database: Database;
  readonly access = new AccessList();
  readonly ready: ReadyPrompts;
  readonly feed: Feed;
  readonly mirror: MirrorWriter;
  readonly events: ChangeEvents;
  /** Where the knowledge who may what comes from. */
  accessKnown: "nowhere" | "file" | "damaged file" | "database" = "nowhere";
  #away = false;
  readonly #closing = new AbortController();
  #sharing = false;
  #sharingEnds: NodeJS.Timeout | undefined;
  #indexing: Promise<void> | null = null;

  static async open(config: Config, options: BackendOptions): Promise<Backend> {
    const jwtSecret = config.jwtSecret ?? (await keptSecret(config.home, "jwt-secret"));
    const app = await postgresConnection(config, "app");
    const backend = new Backend(config, options, jwtSecret, app);
    await backend.#recallAccess();
    backend.mirror.start();
    backend.feed.start();
    return backend;
  }

  private constructor(
    config: Config,
    options: BackendOptions,
    jwtSecret: string,
    app: { client: pg.ClientConfig; setRole: string | null },
  ) {
    this.config = config;
    this.log = options.log;
    this.jwtSecret = jwtSecret;
    this.database = openDatabase(app.client, app.setRole);
    this.database.onCommit = (changes) => this.#committed(changes);
    this.ready = new ReadyPrompts(config.cacheLimitBytes);
    this.events = new ChangeEvents({
      reads: () => this.database.reads,
      access: this.access,
      limit: listenerLimit(config.eventListeners),
      log: options.log,
    });
    this.mirror = new MirrorWriter({
      client: app.client,
      role: app.setRole,
      folder: config.home.prompts,
      beyond: join(config.home.recovery, "beyond"),
      accessFile: config.home.accessFile,
      access: this.access,
      jwtSecret,
      onWritten: (changes) => this.ready.mirrored(changes),
      log: options.log,
    });
    this.feed = new Feed(app.client, app.setRole, () => this.#prepare(options), {
      onReset: async (cursor) => {
        this.ready.clear();
        await this.access.load(this.database.reads);
        this.accessKnown = "database";
        this.events.endUninvited();
        this.events.reset(cursor);
      },
      onChanges: async (changes, cursor) => {
        this.ready.forget(changes);
        if (await this.access.refresh(this.database.reads, changes)) this.events.endUninvited();
        this.mirror.wake();
        this.events.tell(changes, cursor);
      },
      onLive: () => {
        this.#away = false;
        this.log.info("the database answers");
        this.mirror.wake();
        this.events.onLive();
        this.#indexing ??= this.#indexMissing();
      },
      onAway: (error) => this.#databaseAway(error),
      onRefused: (error) =>
        options.onRefused(error instanceof PromptlibError ? error : new PromptlibError("internal", { cause: error })),
    });
  }

  /** Whether memory is as current as the database, and no other server writes for the same callers. */
  get isFresh(): boolean {
    return this.feed.isFresh && !this.#sharing;
  }

  /**
   * Another server answers on the same socket, for so long (ms; left out: from now on). Memory may be a moment behind
   * what that one acknowledged to the same caller, so that fetches ask the database.
   */
  share(ms?: number): void {
    this.#sharing = true;
    clearTimeout(this.#sharingEnds);
    if (ms !== undefined) this.#sharingEnds = setTimeout(() => (this.#sharing = false), ms).unref();
  }

  /** One version of a prompt: from memory while that is fresh, else from the database, else without it. */
  async fetch(project: ProjectRef, name: string, selector: Selector): Promise<Fetched> {
    if (this.isFresh) {
      const ready = this.ready.peek(project, name, selector);
      if (ready) return { ...ready, fromMirror: false };
    }
    if (this.feed.isLive) {
      const read = await patiently(this.ready.read(this.database.reads, project, name, selector));
      if (read) return { ...read, fromMirror: false };
    }
    // Memory was current when the database went; the mirror may lack the last moment before.
    const remembered = this.#peekWithoutDatabase(project, name, selector);
    if (remembered) return { ...remembered, fromMirror: true };
    const recalled = this.ready.recall(project, name, selector);
    if (recalled) {
      const { prompts } = this.config.home;
      const mirror = await mirroredRevision(prompts, project.name, name);
      if (mirror === null || mirror < recalled.revision) return { ...recalled.answer, fromMirror: true };
    }
    const { prompt, revision } = await this.#fetchMirrored(project, name, selector);
    return { ...readyAnswer(prompt, name, { promptId: null, revision }), fromMirror: true };
  }

  #peekWithoutDatabase(project: ProjectRef, name: string, selector: Selector) {
    try {
      return this.ready.peek(project, name, selector);
    } catch (error) {
      throw this.#notTheDatabase(error);
    }
  }

  async #fetchMirrored(project: ProjectRef, name: string, selector: Selector) {
    try {
      return await fetchMirrored(this.config.home.prompts, project.name, name, selector);
    } catch (error) {
      throw this.#notTheDatabase(error);
    }
  }

  /** What is not found without the database may well exist: in one that is only slow, or since it went. */
  #notTheDatabase(error: unknown): unknown {
    if (!(error instanceof PromptlibError && error.status === 404)) return error;
    return this.feed.isLive ? new PromptlibError("database_unavailable", { cause: error }) : toldByMirror(error);
  }

  /** `mirrored`: there is another way to answer. */
  async list<T extends object>(read: (db: Queries) => Promise<T>, mirrored: boolean): Promise<T | "away" | "slow"> {
    return listPatiently(this.feed, this.database, read, mirrored);
  }

  /** Writes and what only the database knows: refused at once while it is away. */
  requireDatabase(): Database {
    if (!this.feed.isLive) throw new PromptlibError("database_unavailable");
    return this.database;
  }

  /** Whether reads can be answered, with the database or without. */
  async canRead(): Promise<boolean> {
    return this.feed.isLive || (this.access.revision > 0 && (await mirrorExists(this.config.home.prompts)));
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.events.close();
    await this.feed.close();
    await this.#indexing;
    await this.mirror.close();
    await this.database.close();
  }

  async #committed(changes: RecordedChange[]): Promise<void> {
    this.ready.forget(changes);
    this.feed.announce();
    this.mirror.wake();
    try {
      if (await this.access.refresh(this.database.reads, changes)) this.events.endUninvited();
    } catch (error) {
      // It is committed, and the writer must hear so. Whom it is about gets in again when the database is back.
      if (!isUnavailable(error)) throw error;
    }
  }

  /** A library from before there was search becomes searchable while the server works. */
  async #indexMissing(): Promise<void> {
    for (let failures = 0; !this.#closing.signal.aborted; failures += 1) {
      try {
        const indexed = await indexMissing(this.database, () => this.#closing.signal.aborted);
        if (indexed > 0) this.log.info({ indexed }, "made prompts searchable that were not");
        break;
      } catch (error) {
        if (!isUnavailable(error)) {
          this.log.error({ err: error }, "prompts could not be made searchable; it is tried again");
        }
        await waited(backOff(failures), this.#closing.signal);
      }
    }
    this.#indexing = null;
  }

  #databaseAway(error: unknown): void {
    if (this.#away) return;
    this.#away = true;
    this.log.warn({ err: error }, "the database does not answer; reading goes on without it");
    this.database.renew();
    this.mirror.pause();
  }

  /** Before PostgreSQL answers, who may fetch is known from the file. */
  async #recallAccess(): Promise<void> {
    const snapshot = await readAccessFile(this.config.home.accessFile, this.jwtSecret);
    if (snapshot === "damaged") {
      this.accessKnown = "damaged file";
      this.log.error(
        { file: this.config.home.accessFile },
        "the access file is damaged or sealed with another JWT_SECRET",
      );
    } else if (snapshot) {
      this.access.takeSnapshot(snapshot);
      this.accessKnown = "file";
    }
  }

  async #prepare({ onFirstAdmin }: BackendOptions): Promise<void> {
    const owner = await postgresConnection(this.config, "owner");
    if (this.config.database) {
      const { username } = new URL(this.config.database.url);
      await prepareExternalRoles(owner.client, decodeURIComponent(username) || null);
    }
    const client = new pg.Client({
      ...owner.client,
      options: sessionOptions(owner.setRole),
      connectionTimeoutMillis: 2_000,
      // Long enough for a migration, and an end to waiting for a database that fell silent.
      query_timeout: 600_000,
    });
    client.on("error", () => {});
    try {
      await client.connect();
      const { from, to } = await migrate(client);
      if (from !== to) this.log.info({ from, to }, "migrated the database");
      await client.end();
    } catch (error) {
      abandon(client);
      throw isAway(error) ? new PromptlibError("database_unavailable", { cause: error }) : error;
    }
    await this.#makeFirstAdmin(onFirstAdmin);
  }

  async #makeFirstAdmin(onFirstAdmin: BackendOptions["onFirstAdmin"]): Promise<void> {
    if (await hasUsers(this.database.reads)) return;
    const password = this.config.adminPassword ?? makePassword();
    const made = await createFirstAdmin(this.database, this.config.adminUsername, password);
    if (made && !this.config.adminPassword) onFirstAdmin(this.config.adminUsername, password);
  }
}
