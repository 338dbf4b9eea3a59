SELECT s.trace_id, s.span_id, s.name, s.service, s.status, s.start_time, s.start_nanos, s.duration_ns,
       otel.span_attributes_of(s.set_id, s.attributes, s.own_attributes) AS attributes,
       coalesce(m.message, s.status_message) AS message
FROM otel.span s
LEFT JOIN LATERAL (
    SELECT e.event -> 'attributes' ->> 'exception.message' AS message
    FROM jsonb_array_elements(s.events) AS e (event)
    WHERE e.event -> 'attributes' ->> 'exception.message' LIKE $1
    LIMIT 1
) m ON true
WHERE s.error_id IS NOT NULL
  AND (s.status_message LIKE $1 OR m.message IS NOT NULL)
  AND ($2::text IS NULL OR s.service = $2)
  AND ($3::timestamptz IS NULL OR s.start_time >= $3)
  AND ($4::timestamptz IS NULL OR s.start_time < $4)
ORDER BY s.start_time DESC
LIMIT $5
