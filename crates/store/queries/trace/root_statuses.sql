SELECT s.status, count(*) AS count
FROM otel.trace t
JOIN otel.span s ON s.trace_id = t.trace_id AND s.span_id = t.root_span_id
WHERE t.trace_id = ANY ($1::uuid[])
  AND s.trace_id = ANY ($1::uuid[])
  AND s.start_time >= $2
  AND s.start_time <= $3
GROUP BY s.status
