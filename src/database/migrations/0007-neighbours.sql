-- Which words stand side by side in a text, so that a phrase of common words is not looked for in every text that has
-- them. Null: not known yet. It is made, prompt by prompt, while the server works.
alter table search_documents add column neighbours bytea;
-- Bits, which compress badly, and are to lie in the row, not apart from it as the words do.
alter table search_documents alter column neighbours set storage plain;
-- Short, and asked for together with it: not to make room for it.
alter table search_documents alter column labels set storage main;
insert into search_missing select id from prompts where trashed_at is null on conflict do nothing;
