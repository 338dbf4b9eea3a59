SELECT
    current_setting('server_version_num')::integer,
    split_part(current_setting('server_version'), ' ', 1),
    EXISTS (SELECT FROM pg_available_extensions WHERE name = 'vector')
