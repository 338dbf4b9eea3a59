-- What the spans of one pattern have in common besides attributes is stored with their set, and the values of their other
-- attributes are text, which PostgreSQL need not take apart when it stores them.

ALTER TABLE otel.attribute_set ADD COLUMN kind smallint;

-- Where a span's set has one of them, its own is NULL.
ALTER TABLE otel.span ALTER COLUMN kind DROP NOT NULL, ALTER COLUMN flags DROP NOT NULL, ALTER COLUMN scope_id DROP NOT NULL;

-- JSON values with commas between, where there is a set; attributes is NULL then, but in rows of before.
ALTER TABLE otel.span ADD COLUMN own_attributes text;

-- All attributes of a span.
CREATE FUNCTION otel.span_attributes_of(set_id bigint, attributes jsonb, own_attributes text) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE
    RETURN otel.attributes_of(set_id, coalesce(attributes, ('[' || own_attributes || ']')::jsonb));

CREATE OR REPLACE VIEW otel.otel_traces AS
SELECT
    otel.trace_hex(s.trace_id)                         AS trace_id,
    otel.span_hex(s.span_id)                           AS span_id,
    otel.span_hex(s.parent_span_id)                    AS parent_span_id,
    s.service,
    s.name,
    s.name                                             AS operation,
    CASE coalesce(s.kind, a.kind) WHEN 1 THEN 'INTERNAL' WHEN 2 THEN 'SERVER' WHEN 3 THEN 'CLIENT' WHEN 4 THEN 'PRODUCER'
                WHEN 5 THEN 'CONSUMER' ELSE 'UNSPECIFIED' END AS kind,
    CASE s.status WHEN 1 THEN 'OK' WHEN 2 THEN 'ERROR' ELSE 'UNSET' END AS status,
    s.status_message,
    s.start_time,
    s.start_time + (s.duration_ns / 1000) * interval '1 microsecond' AS end_time,
    s.duration_ns / 1e6::double precision              AS duration_ms,
    coalesce(otel.span_attributes_of(s.set_id, s.attributes, s.own_attributes), '{}'::jsonb) AS attributes,
    coalesce(s.events, '[]'::jsonb)                    AS events,
    coalesce(s.links, '[]'::jsonb)                     AS links,
    coalesce(r.attributes, '{}'::jsonb)                AS resource_attributes,
    c.name                                             AS scope,
    s.trace_id                                         AS trace_uuid,
    otel.pattern_hex(s.pattern_id)                     AS pattern_id,
    otel.pattern_hex(s.error_id)                       AS error_id
FROM otel.span s
LEFT JOIN otel.attribute_set a ON a.set_id = s.set_id
LEFT JOIN otel.resource r USING (resource_id)
LEFT JOIN otel.scope c ON c.scope_id = coalesce(s.scope_id, a.scope_id);
