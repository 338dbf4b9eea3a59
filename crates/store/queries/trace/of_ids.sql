SELECT trace_id, service, name, start_time,
       (extract(epoch FROM end_time - start_time) * 1000)::double precision AS duration_ms,
       span_count, error_count, root_missing
FROM otel.trace
WHERE trace_id = ANY ($1)
