SELECT coalesce(sum(greatest(c.reltuples, 0)), 0)::double precision
FROM pg_partition_tree($1::text::regclass) t
JOIN pg_class c ON c.oid = t.relid
WHERE t.isleaf
