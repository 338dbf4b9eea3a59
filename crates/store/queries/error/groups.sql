WITH counted AS (
    SELECT c.pattern_id, sum(c.count)::bigint AS count, max(c.last_seen) AS last_seen
    FROM otel.pattern_counts($2, $3) c
    WHERE c.kind = 'e'
    GROUP BY c.pattern_id
)
SELECT p.pattern_id, p.kind, p.service, p.template, p.example, p.first_seen, p.detail, c.count, c.count AS errors, c.last_seen,
       encode(uuid_send(coalesce(s.trace_id, l.trace_id)), 'hex') AS trace_id
FROM counted c
JOIN otel.pattern p USING (pattern_id)
LEFT JOIN LATERAL (
    SELECT trace_id FROM otel.span
    WHERE error_id = c.pattern_id
    ORDER BY otel.second(start_time) DESC, start_time DESC LIMIT 1
) s ON true
LEFT JOIN LATERAL (
    SELECT trace_id FROM otel.log_record
    WHERE error_id = c.pattern_id AND s.trace_id IS NULL
    ORDER BY otel.second(time) DESC, time DESC LIMIT 1
) l ON true
WHERE ($1::text IS NULL OR p.service = $1)
ORDER BY c.count DESC, p.pattern_id
LIMIT $4
