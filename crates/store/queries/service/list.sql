SELECT p.service,
       coalesce(sum(c.count) FILTER (WHERE c.kind = 's'), 0)::bigint AS spans,
       coalesce(sum(c.errors) FILTER (WHERE c.kind = 's'), 0)::bigint AS errors,
       coalesce(sum(c.count) FILTER (WHERE c.kind = 'l'), 0)::bigint AS logs,
       coalesce(sum(c.duration_ns) FILTER (WHERE c.kind = 's'), 0)::double precision AS duration_ns,
       max(c.last_seen) AS last_seen
FROM (
    SELECT pattern_id, kind, sum(count) AS count, sum(errors) AS errors, sum(duration_ns) AS duration_ns,
           max(last_seen) AS last_seen
    FROM otel.pattern_counts(coalesce($1::timestamptz, '-infinity'), coalesce($2::timestamptz, 'infinity'))
    GROUP BY pattern_id, kind
) c
JOIN otel.pattern p USING (pattern_id)
GROUP BY p.service
ORDER BY spans DESC, p.service
LIMIT $3
