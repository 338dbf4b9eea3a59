SELECT l.time, l.time_nanos, l.observed_delta_ns, l.flags, l.service, l.severity_number, l.severity_text, l.message,
       l.body, l.event_name, l.trace_id, l.span_id, l.attributes, l.extra, l.pattern_id,
       l.place,
       r.attributes AS resource_attributes, r.schema_url AS resource_schema_url, r.extra AS resource_extra,
       c.name AS scope_name, c.version AS scope_version, c.attributes AS scope_attributes,
       c.schema_url AS scope_schema_url, c.extra AS scope_extra
FROM (
    SELECT *, ctid::text AS place, ctid AS tie
    FROM otel.log_record
    WHERE ($1::text[] IS NULL OR message ILIKE ALL ($1))
      AND ($2::integer IS NULL OR severity_number >= $2)
      AND ($3::text IS NULL OR service = $3)
      AND ($4::timestamptz IS NULL OR time >= $4)
      AND ($5::timestamptz IS NULL OR time < $5)
      AND ($7::bigint IS NULL OR pattern_id = $7 OR error_id = $7)
      AND ($8::jsonb IS NULL OR attributes @> $8)
      AND ($9::timestamptz IS NULL OR time <= $9 AND (time < $9 OR (time_nanos, ctid) < ($10::smallint, $11::text::tid)))
    ORDER BY time DESC, time_nanos DESC, ctid DESC
    LIMIT $6
) l
LEFT JOIN otel.resource r USING (resource_id)
LEFT JOIN otel.scope c USING (scope_id)
ORDER BY l.time DESC, l.time_nanos DESC, l.tie DESC
