-- What few entries of the audit log have is found without reading all of it. `action` also by its beginning.
create index audit_log_by_actor on audit_log (actor, id);
create index audit_log_by_subject on audit_log (subject, id);
create index audit_log_by_action on audit_log (action text_pattern_ops, id);
