SELECT w.pattern_id
FROM unnest($1::bigint[]) AS w (pattern_id)
LEFT JOIN LATERAL (
    SELECT sum(count) AS count
    FROM (SELECT count FROM otel.pattern_count c WHERE c.pattern_id = w.pattern_id LIMIT 1000) c
) n ON true
ORDER BY n.count NULLS FIRST
LIMIT 8
