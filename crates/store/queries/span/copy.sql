COPY otel.span (
    trace_id, span_id, parent_span_id, start_time, duration_ns, resource_id, scope_id, start_nanos, kind, status, flags,
    service, name, status_message, attributes, events, links, extra, pattern_id, error_id,
    set_id, own_attributes
) FROM STDIN (FORMAT binary)
