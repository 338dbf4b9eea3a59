l.time, l.time_nanos, coalesce(l.observed_delta_ns, s.observed_delta_ns) AS observed_delta_ns,
coalesce(l.flags, s.flags) AS flags, l.service, l.severity_number,
coalesce(l.severity_text, s.severity_text) AS severity_text, otel.message_of(s.message_format, l.message) AS message,
l.body, l.event_name, l.trace_id, l.span_id, otel.log_attributes_of(l.set_id, l.attributes, l.message) AS attributes, l.extra, l.pattern_id,
l.set_id,
r.attributes AS resource_attributes, r.schema_url AS resource_schema_url, r.extra AS resource_extra,
c.name AS scope_name, c.version AS scope_version, c.attributes AS scope_attributes,
c.schema_url AS scope_schema_url, c.extra AS scope_extra
