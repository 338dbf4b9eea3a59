-- Attributes that hardly vary, stored once; and days that go when they are old.

-- What the records of one pattern have in common: attributes that are the same in nearly all of them, and the keys of
-- the others in the order of their values. Its number is a digest of what it holds.
CREATE TABLE otel.attribute_set (
    set_id     bigint  PRIMARY KEY,
    keys       text[]  NOT NULL,
    attributes jsonb   NOT NULL
);

-- Where it is given, the column attributes holds the values of the set's keys as an array, and NULL where it has none.
ALTER TABLE otel.span ADD COLUMN set_id bigint;
ALTER TABLE otel.log_record ADD COLUMN set_id bigint;

-- All attributes of a row.
CREATE FUNCTION otel.attributes_of(set_id bigint, own jsonb) RETURNS jsonb LANGUAGE sql STABLE PARALLEL SAFE
    RETURN CASE WHEN set_id IS NULL THEN own ELSE (
        SELECT s.attributes || coalesce((
            SELECT jsonb_object_agg(k.key, own -> (k.number - 1)::integer)
            FROM unnest(s.keys) WITH ORDINALITY AS k (key, number)
        ), '{}'::jsonb)
        FROM otel.attribute_set s
        WHERE s.set_id = attributes_of.set_id
    ) END;

-- Most traces come whole: their rows are seldom changed.
ALTER TABLE otel.trace SET (fillfactor = 95);

CREATE OR REPLACE VIEW otel.otel_traces AS
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
    coalesce(otel.attributes_of(s.set_id, s.attributes), '{}'::jsonb) AS attributes,
    coalesce(s.events, '[]'::jsonb)                    AS events,
    coalesce(s.links, '[]'::jsonb)                     AS links,
    coalesce(r.attributes, '{}'::jsonb)                AS resource_attributes,
    c.name                                             AS scope,
    s.trace_id                                         AS trace_uuid,
    otel.pattern_hex(s.pattern_id)                     AS pattern_id,
    otel.pattern_hex(s.error_id)                       AS error_id
FROM otel.span s
LEFT JOIN otel.resource r USING (resource_id)
LEFT JOIN otel.scope c USING (scope_id);

CREATE OR REPLACE VIEW otel.otel_logs AS
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
    coalesce(otel.attributes_of(l.set_id, l.attributes), '{}'::jsonb) AS attributes,
    coalesce(r.attributes, '{}'::jsonb)                AS resource_attributes,
    c.name                                             AS scope,
    l.trace_id                                         AS trace_uuid,
    otel.pattern_hex(l.pattern_id)                     AS pattern_id,
    otel.pattern_hex(l.error_id)                       AS error_id
FROM otel.log_record l
LEFT JOIN otel.resource r USING (resource_id)
LEFT JOIN otel.scope c USING (scope_id);

-- Empties the partition of one day (UTC) of a table; true where that was done. Only that partition is locked, so that no
-- writer of another day waits; who reads it holds it up for a second at most, and then it is tried another time.
CREATE FUNCTION otel.empty_day(parent text, day date) RETURNS boolean LANGUAGE plpgsql
SET lock_timeout = '1s' AS $$
DECLARE
    partition text := parent || to_char(day, '_YYYYMMDD');
BEGIN
    IF to_regclass(format('otel.%I', partition)) IS NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('TRUNCATE TABLE otel.%I', partition);
    RETURN true;
EXCEPTION WHEN lock_not_available THEN
    RETURN false;
END
$$;

-- Removes the empty partition of one day; true where it is gone. Nobody waits for it: where anybody uses the table at
-- this moment it stays for another time, and costs nothing.
CREATE FUNCTION otel.remove_day(parent text, day date) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    partition text := parent || to_char(day, '_YYYYMMDD');
BEGIN
    IF to_regclass(format('otel.%I', partition)) IS NULL THEN
        RETURN true;
    END IF;
    EXECUTE format('LOCK TABLE otel.%I, otel.%I IN ACCESS EXCLUSIVE MODE NOWAIT', parent, partition);
    EXECUTE format('DROP TABLE otel.%I', partition);
    RETURN true;
EXCEPTION WHEN lock_not_available THEN
    RETURN false;
END
$$;
