-- A stretch of the list: which of the newest traces match, and where the stretch ends.
WITH looked AS MATERIALIZED (
    SELECT trace_id, service, name, start_time, end_time, span_count, error_count, root_missing, root_start, root_span_id
    FROM otel.trace
    WHERE $window
    ORDER BY start_time DESC, trace_id DESC
    LIMIT $13
),
matching AS (
    SELECT trace_id, service, name, start_time,
           (extract(epoch FROM end_time - start_time) * 1000)::double precision AS duration_ms,
           span_count, error_count, root_missing
    FROM looked t
    WHERE $matches
    ORDER BY start_time DESC, trace_id DESC
    LIMIT $14
)
SELECT n.looked, e.start_time AS end_start, e.trace_id AS end_id, m.*
FROM (SELECT count(*) AS looked FROM looked) n
LEFT JOIN LATERAL (SELECT start_time, trace_id FROM looked ORDER BY start_time, trace_id LIMIT 1) e ON true
LEFT JOIN matching m ON true
ORDER BY m.start_time DESC, m.trace_id DESC
