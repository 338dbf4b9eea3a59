SELECT trace_id, service, name, start_time,
       (extract(epoch FROM end_time - start_time) * 1000)::double precision AS duration_ms,
       span_count, error_count, root_missing
FROM (
    SELECT *
    FROM otel.trace
    WHERE service = $1
      AND name = $2
      AND left(name, 200) = left($2, 200)
      AND start_time >= $3
      AND start_time < $4
    ORDER BY start_time DESC
    LIMIT $5
) latest
WHERE error_count = 0
ORDER BY start_time DESC, trace_id DESC
LIMIT $6
