SELECT l.time, l.time_nanos, l.observed_delta_ns, l.flags, l.service, l.severity_number, l.severity_text, l.message,
       l.body, l.event_name, l.trace_id, l.span_id, otel.attributes_of(l.set_id, l.attributes) AS attributes, l.extra, l.pattern_id,
       l.place,
       r.attributes AS resource_attributes, r.schema_url AS resource_schema_url, r.extra AS resource_extra,
       c.name AS scope_name, c.version AS scope_version, c.attributes AS scope_attributes,
       c.schema_url AS scope_schema_url, c.extra AS scope_extra
FROM (
    SELECT *, ctid::text AS place, ctid AS tie
    FROM otel.log_record
    WHERE ($1::text IS NULL OR $has_words)
      AND ($2::text[] IS NULL OR message ILIKE ALL ($2))
      AND ($3::integer IS NULL OR severity_number >= $3)
      AND ($4::text IS NULL OR service = $4)
      AND ($5::timestamptz IS NULL OR time >= $5)
      AND ($6::timestamptz IS NULL OR time < $6)
      AND ($8::bigint IS NULL OR pattern_id = $8 OR error_id = $8)
      AND ($9::jsonb IS NULL OR otel.attributes_of(set_id, attributes) @> $9)
      AND ($10::timestamptz IS NULL OR time <= $10 AND (time < $10 OR (time_nanos, ctid) < ($11::smallint, $12::text::tid)))
    ORDER BY time DESC, time_nanos DESC, ctid DESC
    LIMIT $7
) l
LEFT JOIN otel.resource r USING (resource_id)
LEFT JOIN otel.scope c USING (scope_id)
ORDER BY l.time DESC, l.time_nanos DESC, l.tie DESC
