COPY otel.log_record (
    time, trace_id, span_id, resource_id, scope_id, observed_delta_ns, flags, time_nanos, severity_number, service,
    severity_text, event_name, message, body, attributes, extra, pattern_id, error_id, set_id
) FROM STDIN (FORMAT binary)
