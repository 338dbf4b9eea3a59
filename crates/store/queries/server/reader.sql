SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = 'mahavishnu_otel_reader' AND pg_has_role(oid, 'MEMBER'))
