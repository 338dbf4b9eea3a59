WITH candidates AS (
    (
        SELECT trace_id
        FROM otel.trace
        WHERE service = $2 AND left(name, 200) = left($3, 200)
        ORDER BY start_time DESC
        LIMIT $5
    )
    UNION
    SELECT s.trace_id
    FROM unnest($4::bigint[]) AS rare (pattern_id)
    CROSS JOIN LATERAL (
        (
            SELECT trace_id
            FROM otel.span
            WHERE pattern_id = rare.pattern_id
            ORDER BY otel.second(start_time) DESC, start_time DESC
            LIMIT 50
        )
        UNION ALL
        (
            SELECT trace_id
            FROM otel.span
            WHERE error_id = rare.pattern_id
            ORDER BY otel.second(start_time) DESC, start_time DESC
            LIMIT 50
        )
    ) s
)
SELECT t.trace_id, t.patterns, t.pattern_spans, t.service, t.name, t.start_time, t.span_count, t.error_count, t.root_missing,
       (extract(epoch FROM t.end_time - t.start_time) * 1000)::double precision AS duration_ms
FROM candidates
JOIN otel.trace t USING (trace_id)
WHERE t.trace_id <> $1
