WITH counted AS (
    SELECT c.pattern_id, sum(c.count)::bigint AS count, max(c.last_seen) AS last_seen
    FROM otel.pattern_counts($2, $3) c
    WHERE c.kind = 'e'
    GROUP BY c.pattern_id
), frequent AS (
    SELECT p.pattern_id, p.kind, p.service, p.template, p.example, p.first_seen, p.detail, c.count, c.last_seen
    FROM counted c
    JOIN otel.pattern p USING (pattern_id)
    WHERE ($1::text IS NULL OR p.service = $1)
    ORDER BY c.count DESC, p.pattern_id
    LIMIT $4
)
SELECT f.pattern_id, f.kind, f.service, f.template, f.example, f.first_seen, f.detail, f.count, f.count AS errors, f.last_seen,
       encode(uuid_send(coalesce(s.trace_id, l.trace_id)), 'hex') AS trace_id
FROM frequent f
LEFT JOIN LATERAL (
    SELECT trace_id FROM otel.span
    WHERE error_id = f.pattern_id
    ORDER BY otel.second(start_time) DESC, start_time DESC LIMIT 1
) s ON true
LEFT JOIN LATERAL (
    SELECT trace_id FROM otel.log_record
    WHERE error_id = f.pattern_id AND s.trace_id IS NULL
    ORDER BY otel.second(time) DESC, time DESC LIMIT 1
) l ON true
ORDER BY f.count DESC, f.pattern_id
