SELECT trace_id
FROM (
    (
        SELECT trace_id, start_time
        FROM otel.span
        WHERE pattern_id = $1
          AND ($2::timestamptz IS NULL OR start_time >= $2)
          AND ($3::timestamptz IS NULL OR start_time < $3)
          AND ($2::timestamptz IS NULL OR otel.second(start_time) >= otel.second($2))
          AND ($3::timestamptz IS NULL OR otel.second(start_time) <= otel.second($3))
        ORDER BY otel.second(start_time) DESC, start_time DESC
        LIMIT $4
    )
    UNION ALL
    (
        SELECT trace_id, start_time
        FROM otel.span
        WHERE error_id = $1
          AND ($2::timestamptz IS NULL OR start_time >= $2)
          AND ($3::timestamptz IS NULL OR start_time < $3)
          AND ($2::timestamptz IS NULL OR otel.second(start_time) >= otel.second($2))
          AND ($3::timestamptz IS NULL OR otel.second(start_time) <= otel.second($3))
        ORDER BY otel.second(start_time) DESC, start_time DESC
        LIMIT $4
    )
    UNION ALL
    (
        SELECT trace_id, time
        FROM otel.log_record
        WHERE pattern_id = $1
          AND trace_id IS NOT NULL
          AND ($2::timestamptz IS NULL OR time >= $2)
          AND ($3::timestamptz IS NULL OR time < $3)
          AND ($2::timestamptz IS NULL OR otel.second(time) >= otel.second($2))
          AND ($3::timestamptz IS NULL OR otel.second(time) <= otel.second($3))
        ORDER BY otel.second(time) DESC, time DESC
        LIMIT $4
    )
    UNION ALL
    (
        SELECT trace_id, time
        FROM otel.log_record
        WHERE error_id = $1
          AND trace_id IS NOT NULL
          AND ($2::timestamptz IS NULL OR time >= $2)
          AND ($3::timestamptz IS NULL OR time < $3)
          AND ($2::timestamptz IS NULL OR otel.second(time) >= otel.second($2))
          AND ($3::timestamptz IS NULL OR otel.second(time) <= otel.second($3))
        ORDER BY otel.second(time) DESC, time DESC
        LIMIT $4
    )
) o
GROUP BY trace_id
ORDER BY max(start_time) DESC
LIMIT $4
