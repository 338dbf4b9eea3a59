SELECT p.service, c.spans::bigint AS spans, s.durations
FROM (
    SELECT pattern_id, sum(count) AS spans
    FROM otel.pattern_counts(coalesce($1::timestamptz, '-infinity'), coalesce($2::timestamptz, 'infinity'))
    WHERE kind = 's'
    GROUP BY pattern_id
    ORDER BY spans DESC, pattern_id
    LIMIT $3
) c
JOIN otel.pattern p USING (pattern_id)
CROSS JOIN LATERAL (
    SELECT array_agg(latest.duration_ns) AS durations
    FROM (
        SELECT duration_ns
        FROM otel.span
        WHERE span.pattern_id = c.pattern_id
          AND ($1::timestamptz IS NULL OR start_time >= $1)
          AND ($2::timestamptz IS NULL OR start_time < $2)
          AND ($1::timestamptz IS NULL OR otel.second(start_time) >= otel.second($1))
          AND ($2::timestamptz IS NULL OR otel.second(start_time) <= otel.second($2))
        ORDER BY otel.second(start_time) DESC, start_time DESC
        LIMIT $4
    ) latest
) s
WHERE s.durations IS NOT NULL
