WITH latest AS (
    SELECT *
    FROM otel.trace
    WHERE service = $2 AND left(name, 200) = left($3, 200)
    ORDER BY start_time DESC
    LIMIT $5
), rare AS (
    SELECT DISTINCT s.trace_id
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
), candidates AS (
    SELECT * FROM latest
    UNION ALL
    SELECT t.*
    FROM rare
    JOIN otel.trace t USING (trace_id)
    WHERE NOT EXISTS (SELECT FROM latest l WHERE l.trace_id = t.trace_id)
)
SELECT trace_id, patterns, pattern_spans, service, name, start_time, span_count, error_count, root_missing,
       (extract(epoch FROM end_time - start_time) * 1000)::double precision AS duration_ms
FROM candidates
WHERE trace_id <> $1
