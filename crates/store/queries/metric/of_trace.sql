SELECT p.time, p.time_nanos, p.start_delta_ns, p.flags, p.value_double, p.value_int, p.count, p.sum, p.min, p.max,
       p.bucket_counts, p.detail, p.exemplars,
       m.name, m.kind, m.unit, m.description, m.temporality, m.monotonic, m.service, m.bounds, m.attributes, m.extra,
       r.attributes AS resource_attributes, r.schema_url AS resource_schema_url, r.extra AS resource_extra,
       c.name AS scope_name, c.version AS scope_version, c.attributes AS scope_attributes,
       c.schema_url AS scope_schema_url, c.extra AS scope_extra
FROM (
    SELECT * FROM otel.metric_point WHERE exemplar_traces @> ARRAY[$1::uuid]
    UNION ALL
    SELECT point.*
    FROM otel.metric_series labelled
    JOIN otel.metric_point point USING (series_id)
    WHERE labelled.attributes ->> 'trace_id' = otel.trace_hex($1)
      AND (point.exemplar_traces @> ARRAY[$1::uuid]) IS NOT TRUE
) p
JOIN otel.metric_series m USING (series_id)
LEFT JOIN otel.resource r USING (resource_id)
LEFT JOIN otel.scope c USING (scope_id)
ORDER BY p.time, p.time_nanos, p.series_id
LIMIT $2
