SELECT trace_id, service, name, patterns, pattern_spans
FROM otel.trace
WHERE trace_id = $1
