-- Search that takes about as long in a large library as in a small one. What is in these tables is made from prompts,
-- versions and labels: it is made again, prompt by prompt, while the server works.

-- Wherever somebody put the extension.
select set_config('search_path', 'promptlib, ' || quote_ident(nspname), true)
from pg_extension join pg_namespace on pg_namespace.oid = extnamespace where extname = 'pg_trgm';

drop table search_documents, search_heads;
-- The program folds what it looks through itself.
drop function search_folded;

-- The words of a prompt's newest version and of each other version with a label, together with those of its name, tags
-- and description. Beside the words are what lists are narrowed by (tag, folder, type, label), what is included, and
-- where among the prompts of its project it is: one index answers all of it together. Each begins with the project, so
-- that no list of places holds those of other projects. Prompts in the trash have none.
create table search_documents (
  prompt_id bigint not null,
  version integer not null,
  labels text[] not null,
  words tsvector not null,
  primary key (prompt_id, version),
  foreign key (prompt_id, version) references versions on delete cascade
);
-- Words are read for the 2,000 that are ranked, places of many more: rows without their words are some 100 to a page.
alter table search_documents set (toast_tuple_target = 128);
alter table search_documents alter column words set storage external;
-- How common a word is would lead the planner to read all documents, of which it thinks that they are small. Without
-- statistics it takes the index, whatever was loaded since the last ANALYZE.
alter table search_documents alter column words set statistics 0;
-- What is written waits in a list that each search goes through: its length is that of the session that writes
-- (gin_pending_list_limit).
create index search_documents_words on search_documents using gin (words);

-- Name, and name with tags and description, of each living prompt, without accents and in small letters; and the words
-- of them: what prompts are called is looked through before what they say.
create table search_heads (
  project_id bigint not null references projects,
  prompt_id bigint not null references prompts on delete cascade,
  name text collate "C" not null,
  head text not null,
  properties text[] not null,
  labels text[] not null,
  words tsvector not null,
  primary key (project_id, prompt_id)
);
alter table search_heads alter column words set statistics 0;
create index search_heads_name on search_heads (project_id, name);
create index search_heads_words on search_heads using gin (words, head gin_trgm_ops);
alter index search_words_alike reset (gin_pending_list_limit);

-- Prompts that are not searchable yet.
create table search_missing (prompt_id bigint primary key references prompts on delete cascade);
insert into search_missing select id from prompts where trashed_at is null;

-- What only the owner may do, for the server to call after it wrote much: what waits goes into the indexes, and plans
-- are made by what is there now. (MAINTAIN could be granted from PostgreSQL 17 on.)
create function settle_statistics() returns void
  language plpgsql security definer set search_path = promptlib, pg_temp as $$
  begin
    perform gin_clean_pending_list(index::regclass) from unnest(array[
      'search_documents_words', 'search_heads_words', 'search_words_alike']) as index;
    analyze prompts, labels, search_documents, search_heads, search_words;
  end $$;
revoke execute on function settle_statistics from public;
grant execute on function settle_statistics to promptlib_app;

grant select on search_documents, search_heads, search_missing to promptlib_app, promptlib_guard;
grant insert, update, delete on search_documents, search_heads to promptlib_app;
grant insert, delete on search_missing to promptlib_app;
