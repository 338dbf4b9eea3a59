SELECT trace_id, span_id, name, service, status, start_time, start_nanos, duration_ns,
       otel.span_attributes_of(set_id, attributes, own_attributes) AS attributes
FROM otel.span
WHERE trace_id = $1
ORDER BY parent_span_id IS NOT NULL, start_time, span_id
LIMIT 1
