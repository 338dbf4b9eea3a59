SELECT w.pattern_id
FROM unnest($1::bigint[]) AS w (pattern_id)
LEFT JOIN LATERAL (
    SELECT sum(count) AS count
    FROM otel.pattern_counts('-infinity', 'infinity') c
    WHERE c.pattern_id = w.pattern_id
) n ON true
ORDER BY n.count NULLS FIRST
LIMIT 8
