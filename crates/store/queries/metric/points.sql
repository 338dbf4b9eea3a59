SELECT p.time, p.time_nanos, p.start_delta_ns, p.flags, p.value_double, p.value_int, p.count, p.sum, p.min, p.max,
       p.bucket_counts, p.detail, p.exemplars,
       m.name, m.kind, m.unit, m.description, m.temporality, m.monotonic, m.service, m.bounds, m.attributes, m.extra, p.series_id,
       p.ctid::text AS place,
       r.attributes AS resource_attributes, r.schema_url AS resource_schema_url, r.extra AS resource_extra,
       c.name AS scope_name, c.version AS scope_version, c.attributes AS scope_attributes,
       c.schema_url AS scope_schema_url, c.extra AS scope_extra
FROM otel.metric_point p
JOIN otel.metric_series m USING (series_id)
LEFT JOIN otel.resource r USING (resource_id)
LEFT JOIN otel.scope c USING (scope_id)
WHERE m.name = $1 AND left(m.name, 200) = left($1, 200)
  AND ($2::text IS NULL OR m.service = $2)
  AND ($3::timestamptz IS NULL OR p.time >= $3)
  AND ($4::timestamptz IS NULL OR p.time < $4)
  AND ($6::timestamptz IS NULL OR p.time <= $6 AND (
      p.time < $6 OR p.time_nanos < $7::smallint
      OR p.time_nanos = $7 AND (p.series_id, p.ctid) > ($8::bigint, $9::text::tid)))
ORDER BY p.time DESC, p.time_nanos DESC, p.series_id, p.ctid
LIMIT $5
