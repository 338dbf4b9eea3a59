SELECT s.trace_id, s.span_id, s.parent_span_id, s.service, s.name, coalesce(s.kind, a.kind) AS kind, s.status, s.status_message,
       s.start_time, s.start_nanos, s.duration_ns, coalesce(s.flags, a.flags) AS flags, otel.span_attributes_of(s.set_id, s.attributes, s.own_attributes) AS attributes,
       s.events, s.links, s.extra, s.pattern_id, s.error_id,
       r.attributes AS resource_attributes, r.schema_url AS resource_schema_url, r.extra AS resource_extra,
       c.name AS scope_name, c.version AS scope_version, c.attributes AS scope_attributes,
       c.schema_url AS scope_schema_url, c.extra AS scope_extra
FROM otel.span s
LEFT JOIN otel.attribute_set a ON a.set_id = s.set_id
LEFT JOIN otel.resource r USING (resource_id)
LEFT JOIN otel.scope c ON c.scope_id = coalesce(s.scope_id, a.scope_id)
WHERE s.trace_id = $1
ORDER BY s.start_time, s.start_nanos, s.span_id
LIMIT $2
