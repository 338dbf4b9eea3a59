SELECT s.series_id, p.time, p.time_nanos, p.start_delta_ns, p.value_double, p.value_int, p.count, p.sum, p.min, p.max, p.bucket_counts,
       p.detail, p.exemplars
FROM unnest($1::bigint[]) AS s (series_id)
CROSS JOIN LATERAL (
    SELECT *
    FROM otel.metric_point
    WHERE metric_point.series_id = s.series_id
      AND time >= $2
      AND time < $3
    ORDER BY time DESC, time_nanos DESC
    LIMIT $4
) p
