-- Sessions that ended long ago are forgotten; what the audit log has of them stays.
grant delete on sessions to promptlib_app;
