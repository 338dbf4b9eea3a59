-- Pages of a table, and its rows where each part of it is taken to be as full as when it was last looked at; NULL where one
-- never was.
SELECT
    coalesce(sum(p.pages), 0)::double precision,
    CASE WHEN bool_and(c.relpages > 0 AND c.reltuples >= 0) FILTER (WHERE p.pages > 0)
         THEN sum(p.pages * c.reltuples / nullif(c.relpages, 0))::double precision END
FROM pg_partition_tree($1::text::regclass) t
JOIN pg_class c ON c.oid = t.relid
CROSS JOIN LATERAL (
    SELECT pg_relation_size(c.oid) / current_setting('block_size')::integer AS pages
) p
WHERE t.isleaf
