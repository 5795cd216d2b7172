-- Search. What is in these tables is made from prompts, versions and labels, and can be made again.

-- In the embedded PostgreSQL they are there already; elsewhere an owner may make them, since they are trusted.
create extension if not exists btree_gin;
create extension if not exists pg_trgm;
create extension if not exists unaccent;
-- Wherever somebody put them.
select set_config('search_path', 'promptlib, ' || string_agg(distinct quote_ident(nspname), ', '), true)
from pg_extension join pg_namespace on pg_namespace.oid = extnamespace
where extname in ('btree_gin', 'pg_trgm', 'unaccent');

-- The words of a prompt's newest version and of each other version with a label, together with those of its name, tags
-- and description. The program makes them: pairs of characters where a script has no blanks, no accents, small letters.
-- Prompts in the trash have none.
create table search_documents (
  prompt_id bigint not null,
  version integer not null,
  project_id bigint not null references projects,
  words tsvector not null,
  primary key (prompt_id, version),
  foreign key (prompt_id, version) references versions on delete cascade
);
-- What is written waits in a list that each search goes through: a short one.
create index search_documents_words on search_documents using gin (project_id, words)
  with (gin_pending_list_limit = 256);
-- A tsvector of some kilobytes is read for each candidate: in its place, not compressed elsewhere, it costs half.
alter table search_documents set (toast_tuple_target = 8160);
alter table search_documents alter column words set storage main;

-- Name, and name with tags and description, of each living prompt, without accents and in small letters.
create table search_heads (
  prompt_id bigint primary key references prompts on delete cascade,
  project_id bigint not null references projects,
  name text collate "C" not null,
  head text not null
);
create index search_heads_name on search_heads (project_id, name);
create index search_heads_head on search_heads using gin (project_id, head gin_trgm_ops)
  with (gin_pending_list_limit = 256);

-- The words that occurred, for those who misspell one. One that occurs no more leads nowhere and harms nobody.
create table search_words (
  project_id bigint not null references projects,
  word text collate "C" not null,
  primary key (project_id, word)
);
create index search_words_alike on search_words using gin (project_id, word gin_trgm_ops)
  with (gin_pending_list_limit = 256);

-- Bodies that are resolved here, whatever the search path of the caller says about the extensions' place.
-- Less alike than PostgreSQL takes for alike by itself: two letters swapped in a word of five leave a fifth.
create function similar_words(of_project bigint, given text) returns table (word text)
  language sql stable parallel safe set pg_trgm.similarity_threshold = 0.2
  begin atomic
    select w.word from search_words w
    where w.project_id = of_project and w.word % given
    order by similarity(w.word, given) desc, w.word
    limit 50;
  end;
-- As the program folds text, near enough to look through versions that have no document.
create function search_folded(content text) returns text
  language sql stable parallel safe
  begin atomic
    select lower(unaccent(content));
  end;

grant select on search_documents, search_heads, search_words to promptlib_app, promptlib_guard;
grant insert, update, delete on search_documents, search_heads to promptlib_app;
grant insert, delete on search_words to promptlib_app;
