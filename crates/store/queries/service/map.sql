WITH looked_at AS (
    SELECT trace_id
    FROM otel.trace
    WHERE ($1::timestamptz IS NULL OR start_time >= $1)
      AND ($2::timestamptz IS NULL OR start_time < $2)
    ORDER BY start_time DESC
    LIMIT $3
)
SELECT caller.service AS caller, called.service AS called, count(*) AS calls,
       count(*) FILTER (WHERE called.status = 2) AS errors,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY called.duration_ns) AS p50,
       percentile_cont(0.95) WITHIN GROUP (ORDER BY called.duration_ns) AS p95,
       (SELECT count(*) FROM looked_at) AS traces
FROM looked_at
JOIN otel.span called USING (trace_id)
JOIN otel.span caller ON caller.trace_id = called.trace_id AND caller.span_id = called.parent_span_id
WHERE caller.service <> called.service
GROUP BY 1, 2
ORDER BY calls DESC, 1, 2
LIMIT $4
