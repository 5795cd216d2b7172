-- Purging: a prompt in the trash goes, with all that it had. The server may delete no prompts and no versions; it may
-- call this.

-- What mirrors and listeners must still be told: that it is gone, under which names. Kept as long as the changes are.
create table purged_prompts (
  prompt_id bigint primary key,
  project_id bigint not null references projects,
  name text not null,
  former_names text[] not null,
  revision bigint not null,
  created_at timestamptz not null,
  purged_at timestamptz not null default now()
);
grant select on purged_prompts to promptlib_app, promptlib_guard;
grant delete on purged_prompts to promptlib_app;

-- Else each prompt that goes is looked for in all of them.
create index search_heads_by_prompt on search_heads (prompt_id);

create function purge_prompt(of_prompt bigint) returns void
  language plpgsql security definer set search_path = promptlib, pg_temp as $$
  begin
    insert into purged_prompts (prompt_id, project_id, name, former_names, revision, created_at)
      select id, project_id, name,
        array(select distinct a.name from aliases a where a.prompt_id = p.id and a.name <> p.name), revision + 1, created_at
      from prompts p where id = of_prompt and trashed_at is not null;
    if not found then
      raise exception 'prompt % is not in the trash', of_prompt using errcode = 'check_violation';
    end if;
    delete from label_fetches where prompt_id = of_prompt;
    delete from search_documents where prompt_id = of_prompt;
    delete from search_heads where prompt_id = of_prompt;
    delete from labels where prompt_id = of_prompt;
    delete from label_moves where prompt_id = of_prompt;
    delete from aliases where prompt_id = of_prompt;
    delete from versions where prompt_id = of_prompt;
    delete from prompts where id = of_prompt;
  end $$;
revoke execute on function purge_prompt from public;
grant execute on function purge_prompt to promptlib_app;
