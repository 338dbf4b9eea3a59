SELECT (
    SELECT s.status
    FROM otel.span s
    WHERE s.trace_id = t.trace_id AND s.span_id = t.root_span_id AND s.start_time = t.root_start
    LIMIT 1
) AS status, count(*) AS count
FROM otel.trace t
WHERE t.trace_id = ANY ($1::uuid[])
GROUP BY 1
