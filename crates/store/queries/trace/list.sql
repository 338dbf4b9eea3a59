SELECT trace_id, service, name, start_time,
       (extract(epoch FROM end_time - start_time) * 1000)::double precision AS duration_ms,
       span_count, error_count, root_missing
FROM otel.trace
WHERE ($1::text IS NULL OR service = $1)
  AND ($2::text IS NULL OR name = $2)
  AND (NOT $3::boolean OR error_count > 0)
  AND ($4::timestamptz IS NULL OR start_time >= $4)
  AND ($5::timestamptz IS NULL OR start_time < $5)
ORDER BY start_time DESC, trace_id DESC
LIMIT $6
