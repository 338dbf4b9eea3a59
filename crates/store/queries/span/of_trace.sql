SELECT s.trace_id, s.span_id, s.parent_span_id, s.service, s.name, s.kind, s.status, s.status_message,
       s.start_time, s.start_nanos, s.duration_ns, s.flags, otel.attributes_of(s.set_id, s.attributes) AS attributes,
       s.events, s.links, s.extra, s.pattern_id, s.error_id,
       r.attributes AS resource_attributes, r.schema_url AS resource_schema_url, r.extra AS resource_extra,
       c.name AS scope_name, c.version AS scope_version, c.attributes AS scope_attributes,
       c.schema_url AS scope_schema_url, c.extra AS scope_extra
FROM otel.span s
LEFT JOIN otel.resource r USING (resource_id)
LEFT JOIN otel.scope c USING (scope_id)
WHERE s.trace_id = $1
ORDER BY s.start_time, s.start_nanos, s.span_id
LIMIT $2
