SELECT coalesce(sum(greatest(c.reltuples, 0)), 0)::double precision
FROM pg_partition_tree('otel.log_record') t
JOIN pg_class c ON c.oid = t.relid
WHERE t.isleaf
  AND (c.relname = 'log_record_default'
       OR c.relname BETWEEN 'log_record_' || to_char($1::timestamptz AT TIME ZONE 'UTC', 'YYYYMMDD')
                        AND 'log_record_' || to_char($2::timestamptz AT TIME ZONE 'UTC', 'YYYYMMDD'))
