SELECT $columns,
       l.ctid::text AS place
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
