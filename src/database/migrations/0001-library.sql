-- The library: projects, people, keys, prompts, versions, labels, what changed, who did what.
-- Runs as promptlib_owner. The server works as promptlib_app, which gets exactly what is granted at the end.

create table projects (
  id bigint generated always as identity primary key,
  name text not null unique,
  description text not null default '',
  created_at timestamptz not null default now()
);

create table users (
  id bigint generated always as identity primary key,
  username text not null unique,
  password_hash text not null,
  operator boolean not null default false,
  disabled boolean not null default false,
  created_at timestamptz not null default now()
);

create table members (
  project_id bigint not null references projects,
  user_id bigint not null references users,
  role text not null check (role in ('owner', 'admin', 'editor', 'viewer')),
  primary key (project_id, user_id)
);
create index members_by_user on members (user_id);

create table sessions (
  id uuid primary key,
  user_id bigint not null references users,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  revoked_at timestamptz,
  address text,
  user_agent text
);
create index sessions_by_user on sessions (user_id);

create table api_keys (
  id text primary key,
  project_id bigint not null references projects,
  name text not null,
  secret_sha256 bytea not null,
  scopes text[] not null,
  created_by text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  revoked_at timestamptz,
  last_used_at timestamptz
);
create index api_keys_by_project on api_keys (project_id);

-- `revision` counts every change of a prompt under its row lock: consumers of the feed ignore a lower one.
create table prompts (
  id bigint generated always as identity primary key,
  project_id bigint not null references projects,
  name text not null,
  type text not null check (type in ('text', 'chat')),
  description text not null default '',
  tags text[] not null default '{}',
  newest integer not null,
  revision bigint not null default 1,
  -- which import made it, so that a later import can tell what its source no longer has
  source text,
  created_at timestamptz not null default now(),
  -- milliseconds, as the outside sees it: a page can begin exactly behind one, here and in the mirror
  updated_at timestamptz(3) not null default now(),
  trashed_at timestamptz,
  trashed_by text
);
-- Names compare byte by byte, whatever the database's collation: paging by name is stable everywhere.
create unique index prompts_by_name on prompts (project_id, name collate "C") where trashed_at is null;
create index prompts_by_update on prompts (project_id, updated_at, id) where trashed_at is null;
create index prompts_trashed on prompts (project_id, trashed_at, id) where trashed_at is not null;
create index prompts_by_tag on prompts using gin (tags) where trashed_at is null;
create index prompts_by_source on prompts (project_id, source) where trashed_at is null and source is not null;

-- `json`, not `jsonb`: what was given comes back with its keys in their order.
create table versions (
  prompt_id bigint not null references prompts,
  version integer not null check (version > 0),
  text text,
  messages json,
  variables json not null,
  config json not null,
  template text not null check (template in ('mustache', 'none')),
  content_hash bytea not null,
  message text not null default '',
  author text not null,
  created_at timestamptz not null default now(),
  primary key (prompt_id, version),
  check ((text is null) <> (messages is null))
);

create table labels (
  prompt_id bigint not null references prompts,
  label text not null,
  version integer not null,
  moved_at timestamptz not null default now(),
  moved_by text not null,
  primary key (prompt_id, label),
  foreign key (prompt_id, version) references versions
);
create index labels_by_name on labels (label, prompt_id);

-- Where each label has been: null is "nowhere". Never changed, only added to.
create table label_moves (
  id bigint generated always as identity primary key,
  prompt_id bigint not null references prompts,
  label text not null,
  from_version integer,
  to_version integer,
  moved_at timestamptz not null default now(),
  moved_by text not null
);
create index label_moves_by_prompt on label_moves (prompt_id, label, id);

-- The change feed. A row carries no content: it says that something is now at a revision.
-- `tx` is not the order of commits, so readers stop before the oldest running transaction.
create table changes (
  tx xid8 not null default pg_current_xact_id(),
  seq bigint not null generated always as identity,
  kind text not null check (kind in ('prompt', 'key', 'user', 'session', 'project')),
  subject text not null,
  revision bigint not null default 0,
  at timestamptz not null default now(),
  primary key (tx, seq)
);
create index changes_by_time on changes (at);

create table audit_log (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  actor text not null,
  project text,
  action text not null,
  subject text not null,
  details jsonb not null default '{}',
  address text
);
create index audit_log_by_project on audit_log (project, id);

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'the audit log is only ever added to' using errcode = 'insufficient_privilege';
end $$;
create trigger audit_log_unchangeable before update or delete on audit_log
  for each row execute function refuse_change();
create trigger audit_log_untruncatable before truncate on audit_log
  for each statement execute function refuse_change();

insert into projects (name, description) values ('default', 'The first project.');

grant usage on schema promptlib to promptlib_app, promptlib_guard;
grant select on all tables in schema promptlib to promptlib_app, promptlib_guard;
grant insert, update on projects, users, sessions, api_keys, prompts, labels to promptlib_app;
grant insert, update, delete on members to promptlib_app;
grant delete on labels to promptlib_app;
grant insert on versions, label_moves, audit_log to promptlib_app;
grant insert, delete on changes to promptlib_app;
