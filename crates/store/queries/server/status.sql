SELECT
    current_setting('server_version'),
    (SELECT extversion FROM pg_extension WHERE extname = 'vector'),
    (SELECT max(version) FROM otel.schema_migration),
    pg_database_size(current_database())
