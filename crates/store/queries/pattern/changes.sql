SELECT p.pattern_id, p.kind, p.service, p.template, p.example, p.first_seen, p.detail, c.count, c.errors, c.last_seen,
       c.before
FROM (
    SELECT pattern_id,
           coalesce(sum(count) FILTER (WHERE now), 0)::bigint AS count,
           coalesce(sum(errors) FILTER (WHERE now), 0)::bigint AS errors,
           coalesce(sum(count) FILTER (WHERE NOT now), 0)::bigint AS before,
           max(last_seen) AS last_seen
    FROM (
        SELECT true AS now, pattern_id, count, errors, last_seen FROM otel.pattern_counts($2, $3)
        UNION ALL
        SELECT false, pattern_id, count, errors, last_seen FROM otel.pattern_counts($1, $2)
    ) counted
    GROUP BY pattern_id
) c
JOIN otel.pattern p USING (pattern_id)
WHERE ($4::text[] IS NULL OR p.kind = ANY ($4))
  AND ($5::text IS NULL OR p.service = $5)
