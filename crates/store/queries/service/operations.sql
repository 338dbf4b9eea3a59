SELECT o.name, sum(o.count)::bigint AS spans, sum(o.errors)::bigint AS errors,
       sum(o.duration_ns)::double precision AS duration_ns, max(o.last_seen) AS last_seen,
       max(d.p50) AS p50, max(d.p95) AS p95, max(d.p99) AS p99
FROM (
    SELECT p.pattern_id, p.template AS name, sum(c.count) AS count, sum(c.errors) AS errors,
           sum(c.duration_ns) AS duration_ns, max(c.last_seen) AS last_seen
    FROM otel.pattern p
    JOIN otel.pattern_counts(coalesce($2::timestamptz, '-infinity'), coalesce($3::timestamptz, 'infinity')) c USING (pattern_id)
    WHERE p.kind = 'span'
      AND p.service = $1
    GROUP BY p.pattern_id
    ORDER BY count DESC
    LIMIT $4
) o
CROSS JOIN LATERAL (
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY s.duration_ns) AS p50,
           percentile_cont(0.95) WITHIN GROUP (ORDER BY s.duration_ns) AS p95,
           percentile_cont(0.99) WITHIN GROUP (ORDER BY s.duration_ns) AS p99
    FROM (
        SELECT duration_ns
        FROM otel.span
        WHERE pattern_id = o.pattern_id
          AND ($2::timestamptz IS NULL OR start_time >= $2)
          AND ($3::timestamptz IS NULL OR start_time < $3)
          AND ($2::timestamptz IS NULL OR otel.second(start_time) >= otel.second($2))
          AND ($3::timestamptz IS NULL OR otel.second(start_time) <= otel.second($3))
        ORDER BY otel.second(start_time) DESC, start_time DESC
        LIMIT 1000
    ) s
) d
GROUP BY o.name
ORDER BY spans DESC, o.name
