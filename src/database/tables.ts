/** The tables as Kysely sees them; a test compares this with the migrated database. */
import type { ColumnType, Generated } from "kysely";
import type { Message, PromptType, Role, Variable } from "../contract/shapes.ts";

/** int8 and xid8 arrive as strings: they may exceed what a number holds exactly. */
export type Id = string;
type WithDefault<T> = ColumnType<T, T | undefined, T>;
type Timestamp = ColumnType<Date, Date | string | undefined, Date | string>;
/** Given as the JSON text, received parsed. */
type JsonColumn<T> = ColumnType<T, string, never>;

export interface Tables {
  projects: { id: Generated<Id>; name: string; description: WithDefault<string>; created_at: Timestamp };
  users: {
    id: Generated<Id>;
    username: string;
    password_hash: string;
    operator: WithDefault<boolean>;
    disabled: WithDefault<boolean>;
    created_at: Timestamp;
  };
  members: { project_id: Id; user_id: Id; role: Role };
  sessions: {
    id: string;
    user_id: Id;
    created_at: Timestamp;
    expires_at: ColumnType<Date, Date, Date>;
    revoked_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
    address: string | null;
    user_agent: string | null;
  };
  api_keys: {
    id: string;
    project_id: Id;
    name: string;
    secret_sha256: Buffer;
    scopes: string[];
    created_by: string;
    created_at: Timestamp;
    expires_at: ColumnType<Date | null, Date | string | null, Date | null>;
    revoked_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
    last_used_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
  };
  prompts: {
    id: Generated<Id>;
    project_id: Id;
    name: string;
    type: PromptType;
    description: WithDefault<string>;
    tags: WithDefault<string[]>;
    newest: number;
    revision: WithDefault<string>;
    source: WithDefault<string | null>;
    created_at: Timestamp;
    updated_at: Timestamp;
    trashed_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
    trashed_by: WithDefault<string | null>;
  };
  versions: {
    prompt_id: Id;
    version: number;
    text: string | null;
    messages: ColumnType<Message[] | null, string | null, never>;
    variables: JsonColumn<Record<string, Variable>>;
    config: JsonColumn<Record<string, unknown>>;
    template: "mustache" | "none";
    content_hash: Buffer;
    message: WithDefault<string>;
    author: string;
    created_at: Timestamp;
    redacted_at: Date | null;
    redacted_by: string | null;
  };
  labels: { prompt_id: Id; label: string; version: number; moved_at: Timestamp; moved_by: string };
  label_moves: {
    id: Generated<Id>;
    prompt_id: Id;
    label: string;
    from_version: number | null;
    to_version: number | null;
    moved_at: Timestamp;
    moved_by: string;
    undoes: Id | null;
    promoted_from: string | null;
  };
  protected_labels: { project_id: Id; label: string; protected_at: Timestamp; protected_by: string };
  label_fetches: { prompt_id: Id; label: string; caller: string; fetches: string; first_at: Date; last_at: Date };
  aliases: {
    id: Generated<Id>;
    project_id: Id;
    name: string;
    prompt_id: Id;
    made_at: Timestamp;
    made_by: string;
    ended_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
  };
  /** `words` is a tsvector, which nobody reads as a text. */
  search_documents: { prompt_id: Id; version: number; labels: string[]; words: string; neighbours: Buffer | null };
  search_heads: {
    project_id: Id;
    prompt_id: Id;
    name: string;
    head: string;
    properties: string[];
    labels: string[];
    words: string;
  };
  search_missing: { prompt_id: Id };
  search_words: { project_id: Id; word: string };
  purged_prompts: {
    prompt_id: Id;
    project_id: Id;
    name: string;
    former_names: string[];
    revision: string;
    created_at: Date;
    purged_at: Timestamp;
  };
  changes: {
    tx: Generated<string>;
    seq: Generated<string>;
    kind: ChangeKind;
    subject: string;
    revision: WithDefault<string>;
    at: Timestamp;
  };
  audit_log: {
    id: Generated<Id>;
    at: Timestamp;
    actor: string;
    project: string | null;
    action: string;
    subject: string;
    details: ColumnType<Record<string, unknown>, string, never>;
    address: string | null;
  };
  migrations: { version: number; name: string; sha256: string; applied_at: Timestamp };
}

export type ChangeKind = "prompt" | "key" | "user" | "session" | "project";
