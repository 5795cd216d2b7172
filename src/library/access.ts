/** Who may what, in memory: loaded whole, kept current by the change feed, so that a check asks no database. */
import { sql } from "kysely";
import { LRUCache } from "lru-cache";
import { now } from "../base/clock.ts";
import { PromptlibError } from "../contract/errors.ts";
import type { Role } from "../contract/shapes.ts";
import type { Queries, RecordedChange } from "../database/database.ts";
import type { Id } from "../database/tables.ts";
import type { ProjectRef } from "./find.ts";

export interface KnownUser {
  id: Id;
  username: string;
  operator: boolean;
  disabled: boolean;
  /** By project id. */
  roles: Record<Id, Role>;
}

export interface KnownKey {
  id: string;
  name: string;
  projectId: Id;
  /** SHA-256 of the secret. */
  secretHash: Buffer;
  scopes: string[];
  /** Milliseconds since 1970; null: never. */
  expiresAt: number | null;
  revoked: boolean;
}

/** What access.json holds. */
export interface AccessSnapshot {
  projects: ProjectRef[];
  users: KnownUser[];
  keys: (Omit<KnownKey, "secretHash"> & { secretHash: string })[];
  /** Sessions that were ended before they expired: id and expiry in milliseconds. */
  endedSessions: [string, number][];
}

/** An ended session is remembered as long as its token could hold; its expiry is in the database. */
const LONGEST_SESSION_MS = 12 * 3_600_000;
/** Of what was read longer ago the feed hardly tells again; if it does, it is read once more. */
const REMEMBERED_READS = 20_000;

export class AccessList {
  readonly #projects = new Map<Id, ProjectRef>();
  readonly #projectsByName = new Map<string, ProjectRef>();
  readonly #users = new Map<Id, KnownUser>();
  readonly #keys = new Map<string, KnownKey>();
  readonly #endedSessions = new Map<string, number>();
  /** Reads are numbered as they begin. While any is under way: the number of the last that told of each subject. */
  readonly #turns = new Map<string, number>();
  /** The transaction whose change of each subject was read last: the feed tells of it again. */
  readonly #read = new LRUCache<string, string>({ max: REMEMBERED_READS });
  #turn = 0;
  #reading = 0;
  /** Counts every change, so that whoever writes it down knows whether there is anything new. */
  revision = 0;

  user(id: Id): KnownUser | undefined {
    return this.#users.get(id);
  }

  key(id: string): KnownKey | undefined {
    return this.#keys.get(id);
  }

  project(name: string): ProjectRef | undefined {
    return this.#projectsByName.get(name);
  }

  projectById(id: Id): ProjectRef | undefined {
    return this.#projects.get(id);
  }

  projects(): ProjectRef[] {
    return [...this.#projects.values()];
  }

  sessionEnded(sid: string): boolean {
    return this.#endedSessions.has(sid);
  }

  async load(db: Queries): Promise<void> {
    const [projects, users, keys, ended] = [
      await readProjects(db, null),
      await readUsers(db, null),
      await readKeys(db, null),
      await readEndedSessions(db, null),
    ];
    this.#clear();
    this.#put(projects, users, keys, ended);
  }

  /**
   * Reads anew what the changes name. Answers whether anything concerned us. Until it is read the old stands; when it
   * cannot be read, whoever it is about stays outside until it can.
   */
  async refresh(db: Queries, changes: readonly RecordedChange[]): Promise<boolean> {
    const { project, user, key, session } = this.#unread(changes);
    if (project.length + user.length + key.length + session.length === 0) return false;
    const turn = ++this.#turn;
    this.#reading += 1;
    try {
      const projects = project.length > 0 ? await readProjects(db, project) : [];
      const users = user.length > 0 ? await readUsers(db, user) : [];
      const keys = key.length > 0 ? await readKeys(db, key) : [];
      const ended = session.length > 0 ? await readEndedSessions(db, session) : [];
      const [freshUsers, freshKeys] = [this.#forget("user", user, turn), this.#forget("key", key, turn)];
      this.#put(
        projects,
        users.filter(({ id }) => freshUsers.has(id)),
        keys.filter(({ id }) => freshKeys.has(id)),
        ended,
      );
      for (const { kind, subject, tx } of changes) if (kind !== "prompt") this.#read.set(`${kind} ${subject}`, tx);
      return true;
    } catch (error) {
      // Another read may have told of the same meanwhile.
      const unread = this.#unread(changes);
      this.#forget("user", unread.user, turn);
      this.#forget("key", unread.key, turn);
      for (const id of unread.session) this.#endedSessions.set(id, now().getTime() + LONGEST_SESSION_MS);
      throw error;
    } finally {
      this.#reading -= 1;
      if (this.#reading === 0) this.#turns.clear();
    }
  }

  /** Of whom the changes tell that were not read yet. */
  #unread(changes: readonly RecordedChange[]): Record<Exclude<RecordedChange["kind"], "prompt">, string[]> {
    const news = changes.filter(({ kind, subject, tx }) => this.#read.get(`${kind} ${subject}`) !== tx);
    const of = (kind: RecordedChange["kind"]) => [
      ...new Set(news.filter((change) => change.kind === kind).map(({ subject }) => subject)),
    ];
    return { project: of("project"), user: of("user"), key: of("key"), session: of("session") };
  }

  /** Forgets those of which no later read has told already, and answers which: the later one knows better. */
  #forget(kind: "user" | "key", ids: readonly string[], turn: number): Set<string> {
    const fresh = new Set(ids.filter((id) => (this.#turns.get(`${kind} ${id}`) ?? 0) < turn));
    for (const id of fresh) {
      (kind === "user" ? this.#users : this.#keys).delete(id);
      this.#turns.set(`${kind} ${id}`, turn);
    }
    return fresh;
  }

  snapshot(now: Date): AccessSnapshot {
    this.#forgetSessionsBefore(now);
    return {
      projects: [...this.#projects.values()],
      users: [...this.#users.values()],
      keys: [...this.#keys.values()].map((key) => ({ ...key, secretHash: key.secretHash.toString("hex") })),
      endedSessions: [...this.#endedSessions],
    };
  }

  /** Their tokens have expired. */
  #forgetSessionsBefore(now: Date): void {
    for (const [sid, expiresAt] of this.#endedSessions) {
      if (expiresAt < now.getTime()) this.#endedSessions.delete(sid);
    }
  }

  takeSnapshot({ projects, users, keys, endedSessions }: AccessSnapshot): void {
    this.#clear();
    const withBytes = keys.map((key) => ({ ...key, secretHash: Buffer.from(key.secretHash, "hex") }));
    this.#put(projects, users, withBytes, endedSessions);
  }

  #clear(): void {
    this.#read.clear();
    for (const map of [this.#projects, this.#projectsByName, this.#users, this.#keys, this.#endedSessions]) map.clear();
  }

  #put(projects: ProjectRef[], users: KnownUser[], keys: KnownKey[], ended: [string, number][]): void {
    for (const project of projects) {
      this.#projects.set(project.id, project);
      this.#projectsByName.set(project.name, project);
    }
    for (const user of users) this.#users.set(user.id, user);
    for (const key of keys) this.#keys.set(key.id, key);
    if (ended.length > 0) this.#forgetSessionsBefore(now());
    for (const [sid, expiresAt] of ended) this.#endedSessions.set(sid, expiresAt);
    this.revision += 1;
  }
}

/** The project of that name; throws `project_not_found`. */
export function requireProject(access: AccessList, name: string): ProjectRef {
  const project = access.project(name);
  if (!project) throw projectNotFound(name);
  return project;
}

export function projectNotFound(name: string): PromptlibError {
  return new PromptlibError("project_not_found", { message: `There is no project named ${name} that you can see.` });
}

async function readProjects(db: Queries, ids: string[] | null): Promise<ProjectRef[]> {
  const query = db.selectFrom("projects").select(["id", "name"]);
  return (ids ? query.where("id", "in", ids) : query).execute();
}

async function readUsers(db: Queries, ids: string[] | null): Promise<KnownUser[]> {
  const query = db.selectFrom("users").select([
    "id",
    "username",
    "operator",
    "disabled",
    sql<Record<Id, Role>>`(select coalesce(json_object_agg(project_id, role), '{}')
        from members where user_id = users.id)`.as("roles"),
  ]);
  return (ids ? query.where("id", "in", ids) : query).execute();
}

async function readKeys(db: Queries, ids: string[] | null): Promise<KnownKey[]> {
  const query = db.selectFrom("api_keys").selectAll();
  const rows = await (ids ? query.where("id", "in", ids) : query).execute();
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    projectId: row.project_id,
    secretHash: row.secret_sha256,
    scopes: row.scopes,
    expiresAt: row.expires_at?.getTime() ?? null,
    revoked: row.revoked_at !== null,
  }));
}

async function readEndedSessions(db: Queries, ids: string[] | null): Promise<[string, number][]> {
  const query = db
    .selectFrom("sessions")
    .select(["id", "expires_at"])
    .where("revoked_at", "is not", null)
    .where(sql<boolean>`expires_at > now()`);
  const rows = await (ids ? query.where("id", "in", ids) : query).execute();
  return rows.map((row) => [row.id, row.expires_at.getTime()]);
}
