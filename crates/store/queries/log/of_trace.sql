SELECT l.time, l.time_nanos, l.observed_delta_ns, l.flags, l.service, l.severity_number, l.severity_text, l.message,
       l.body, l.event_name, l.trace_id, l.span_id, otel.attributes_of(l.set_id, l.attributes) AS attributes, l.extra, l.pattern_id,
       l.ctid::text AS place,
       r.attributes AS resource_attributes, r.schema_url AS resource_schema_url, r.extra AS resource_extra,
       c.name AS scope_name, c.version AS scope_version, c.attributes AS scope_attributes,
       c.schema_url AS scope_schema_url, c.extra AS scope_extra
FROM otel.log_record l
LEFT JOIN otel.resource r USING (resource_id)
LEFT JOIN otel.scope c USING (scope_id)
WHERE l.trace_id = $1
  AND ($2::text IS NULL OR otel.log_words(l.message) @@ to_tsquery('simple', $2))
  AND ($3::text[] IS NULL OR l.message ILIKE ALL ($3))
  AND ($4::integer IS NULL OR l.severity_number >= $4)
  AND ($5::text IS NULL OR l.service = $5)
  AND ($6::timestamptz IS NULL OR l.time >= $6)
  AND ($7::timestamptz IS NULL OR l.time < $7)
  AND ($9::bigint IS NULL OR l.pattern_id = $9 OR l.error_id = $9)
  AND ($10::jsonb IS NULL OR otel.attributes_of(l.set_id, l.attributes) @> $10)
  AND ($11::timestamptz IS NULL OR l.time <= $11 AND (l.time < $11 OR (l.time_nanos, l.ctid) < ($12::smallint, $13::text::tid)))
ORDER BY l.time DESC, l.time_nanos DESC, l.ctid DESC
LIMIT $8
