SELECT l.time, l.time_nanos, coalesce(l.observed_delta_ns, s.observed_delta_ns) AS observed_delta_ns,
       coalesce(l.flags, s.flags) AS flags, l.service, l.severity_number,
       coalesce(l.severity_text, s.severity_text) AS severity_text, otel.message_of(s.message_format, l.message) AS message,
       l.body, l.event_name, l.trace_id, l.span_id, otel.log_attributes_of(l.set_id, l.attributes, l.message) AS attributes, l.extra, l.pattern_id,
       l.set_id, l.ctid::text AS place,
       r.attributes AS resource_attributes, r.schema_url AS resource_schema_url, r.extra AS resource_extra,
       c.name AS scope_name, c.version AS scope_version, c.attributes AS scope_attributes,
       c.schema_url AS scope_schema_url, c.extra AS scope_extra
FROM otel.log_record l
LEFT JOIN otel.attribute_set s USING (set_id)
LEFT JOIN otel.resource r USING (resource_id)
LEFT JOIN otel.scope c ON c.scope_id = coalesce(l.scope_id, s.scope_id)
WHERE l.trace_id = $6
  AND ($2::text[] IS NULL OR $has_text)
  AND ($4::timestamptz IS NULL OR l.time >= $4)
  AND ($5::timestamptz IS NULL OR l.time < $5)
  AND ($7::integer IS NULL OR l.severity_number >= $7)
  AND ($8::text IS NULL OR l.service = $8)
  AND ($10::bigint IS NULL OR l.pattern_id = $10 OR l.error_id = $10)
  AND ($11::jsonb IS NULL OR otel.log_attributes_of(l.set_id, l.attributes, l.message) @> $11)
  AND ($12::timestamptz IS NULL
       OR l.time <= $12 AND (l.time < $12 OR (l.time_nanos, l.ctid) < ($13::smallint, $14::text::tid)))
ORDER BY l.time DESC, l.time_nanos DESC, l.ctid DESC
LIMIT $9
