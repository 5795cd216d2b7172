-- Labels with a history that can be asked.

-- When a label moved: taken under the prompt's lock, so that the times of its moves are in the order of the moves (the
-- beginning of a transaction that waited is not); milliseconds, so that the time that was told includes the move.
alter table label_moves
  alter column moved_at type timestamptz(3),
  alter column moved_at set default clock_timestamp();
alter table labels alter column moved_at type timestamptz(3);

-- A move that takes another back; each is taken back once.
alter table label_moves add column undoes bigint references label_moves;
create unique index label_moves_undone on label_moves (undoes) where undoes is not null;

-- The label from which this one was promoted; null: it was moved by itself.
alter table label_moves add column promoted_from text;

-- Labels that only those with a right of their own may move.
create table protected_labels (
  project_id bigint not null references projects,
  label text not null,
  protected_at timestamptz not null default now(),
  protected_by text not null,
  primary key (project_id, label)
);
grant select on protected_labels to promptlib_app, promptlib_guard;
grant insert, delete on protected_labels to promptlib_app;

-- Names that a prompt had: each goes on answering until it ends. An ended one is kept: whoever finds the prompt under
-- its old name, in a file of the mirror say, can tell that it was once called so.
create table aliases (
  id bigint generated always as identity primary key,
  project_id bigint not null references projects,
  name text not null,
  prompt_id bigint not null references prompts,
  made_at timestamptz not null default now(),
  made_by text not null,
  ended_at timestamptz
);
create unique index aliases_by_name on aliases (project_id, name collate "C") where ended_at is null;
create index aliases_by_prompt on aliases (prompt_id);
grant select on aliases to promptlib_app, promptlib_guard;
grant insert, update (ended_at) on aliases to promptlib_app;

-- Redaction: number, author, time and hash of a version stay, what it said goes. The server may not change versions; it
-- may call this.
alter table versions
  add column redacted_at timestamptz,
  add column redacted_by text,
  drop constraint versions_check,
  add constraint versions_content check (
    case when redacted_at is null then (text is null) <> (messages is null) else text is null and messages is null end);
create function redact_version(of_prompt bigint, which integer, by_whom text) returns void
  language sql security definer set search_path = promptlib, pg_temp as $$
    update versions
    set text = null, messages = null, variables = '{}', config = '{}', redacted_at = now(), redacted_by = by_whom
    where prompt_id = of_prompt and version = which and redacted_at is null
  $$;
revoke execute on function redact_version from public;
grant execute on function redact_version to promptlib_app;

-- How often a label was fetched, and by whom: counted in the servers' memory, written once a minute.
create table label_fetches (
  prompt_id bigint not null references prompts,
  label text not null,
  caller text not null,
  fetches bigint not null,
  first_at timestamptz not null,
  last_at timestamptz not null,
  primary key (prompt_id, label, caller)
);
grant select on label_fetches to promptlib_app, promptlib_guard;
grant insert, update on label_fetches to promptlib_app;
