-- What SQL users read: full attributes and ids as hex text.

CREATE FUNCTION otel.trace_hex(id uuid) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN encode(uuid_send(id), 'hex');

CREATE FUNCTION otel.span_hex(id bigint) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN encode(int8send(id), 'hex');

CREATE VIEW otel.otel_traces AS
SELECT
    otel.trace_hex(s.trace_id)                         AS trace_id,
    otel.span_hex(s.span_id)                           AS span_id,
    otel.span_hex(s.parent_span_id)                    AS parent_span_id,
    s.service,
    s.name,
    s.name                                             AS operation,
    CASE s.kind WHEN 1 THEN 'INTERNAL' WHEN 2 THEN 'SERVER' WHEN 3 THEN 'CLIENT' WHEN 4 THEN 'PRODUCER'
                WHEN 5 THEN 'CONSUMER' ELSE 'UNSPECIFIED' END AS kind,
    CASE s.status WHEN 1 THEN 'OK' WHEN 2 THEN 'ERROR' ELSE 'UNSET' END AS status,
    s.status_message,
    s.start_time,
    s.start_time + (s.duration_ns / 1000) * interval '1 microsecond' AS end_time,
    s.duration_ns / 1e6::double precision              AS duration_ms,
    coalesce(s.attributes, '{}'::jsonb)                AS attributes,
    coalesce(s.events, '[]'::jsonb)                    AS events,
    coalesce(s.links, '[]'::jsonb)                     AS links,
    coalesce(r.attributes, '{}'::jsonb)                AS resource_attributes,
    c.name                                             AS scope,
    s.trace_id                                         AS trace_uuid
FROM otel.span s
LEFT JOIN otel.resource r USING (resource_id)
LEFT JOIN otel.scope c USING (scope_id);

CREATE VIEW otel.otel_logs AS
SELECT
    l.time                                             AS timestamp,
    l.service,
    CASE WHEN l.severity_number BETWEEN 1 AND 4 THEN 'TRACE' WHEN l.severity_number BETWEEN 5 AND 8 THEN 'DEBUG'
         WHEN l.severity_number BETWEEN 9 AND 12 THEN 'INFO' WHEN l.severity_number BETWEEN 13 AND 16 THEN 'WARNING'
         WHEN l.severity_number BETWEEN 17 AND 20 THEN 'ERROR' WHEN l.severity_number BETWEEN 21 AND 24 THEN 'CRITICAL'
         ELSE coalesce(upper(l.severity_text), 'UNSPECIFIED') END AS level,
    l.message,
    otel.trace_hex(l.trace_id)                         AS trace_id,
    otel.span_hex(l.span_id)                           AS span_id,
    l.severity_number,
    l.severity_text,
    l.event_name,
    l.body,
    coalesce(l.attributes, '{}'::jsonb)                AS attributes,
    coalesce(r.attributes, '{}'::jsonb)                AS resource_attributes,
    c.name                                             AS scope,
    l.trace_id                                         AS trace_uuid
FROM otel.log_record l
LEFT JOIN otel.resource r USING (resource_id)
LEFT JOIN otel.scope c USING (scope_id);

CREATE VIEW otel.otel_metrics AS
SELECT
    p.time                                             AS timestamp,
    m.service,
    m.name,
    m.kind                                             AS type,
    m.unit,
    coalesce(p.value_double, p.value_int, p.sum)       AS value,
    p.count,
    p.sum,
    p.min,
    p.max,
    m.bounds,
    p.bucket_counts,
    p.detail,
    coalesce(p.exemplars, '[]'::jsonb)                 AS exemplars,
    CASE m.temporality WHEN 1 THEN 'DELTA' WHEN 2 THEN 'CUMULATIVE' END AS temporality,
    m.monotonic,
    m.description,
    coalesce(m.attributes, '{}'::jsonb)                AS attributes,
    coalesce(r.attributes, '{}'::jsonb)                AS resource_attributes,
    c.name                                             AS scope,
    m.series_id
FROM otel.metric_point p
JOIN otel.metric_series m USING (series_id)
LEFT JOIN otel.resource r USING (resource_id)
LEFT JOIN otel.scope c USING (scope_id);
