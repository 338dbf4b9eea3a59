-- What the log records of one pattern have in common besides attributes, stored once with them: what is around the values of their
-- messages, and columns that hardly vary.

ALTER TABLE otel.attribute_set
    -- given where there is a message_format
    ADD COLUMN pattern_id        bigint,
    -- as format() takes it, with %s for each value
    ADD COLUMN message_format    text,
    ADD COLUMN message_words     tsvector,
    ADD COLUMN severity_text     text,
    ADD COLUMN observed_delta_ns bigint,
    ADD COLUMN flags             integer,
    ADD COLUMN scope_id          integer;

CREATE INDEX attribute_set_words ON otel.attribute_set USING gin (message_words);

-- Where a record's set has one of them, its own is NULL. Where the set has a message_format, the record's message holds the values,
-- with U+001F between them, and after U+001E those of its attributes as JSON, which its column attributes then does not hold. The
-- message of no other record that has a set holds U+001E.
ALTER TABLE otel.log_record ALTER COLUMN flags DROP NOT NULL, ALTER COLUMN scope_id DROP NOT NULL;

-- A whole message.
CREATE FUNCTION otel.message_of(message_format text, own text) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
    RETURN CASE WHEN message_format IS NULL THEN own
                ELSE format(message_format, VARIADIC string_to_array(split_part(own, U&'\001E', 1), U&'\001F')) END;

-- All attributes of a log record.
CREATE FUNCTION otel.log_attributes_of(set_id bigint, own jsonb, message text) RETURNS jsonb LANGUAGE sql STABLE PARALLEL SAFE
    RETURN otel.attributes_of(set_id, CASE
        WHEN set_id IS NULL OR own IS NOT NULL OR strpos(message, U&'\001E') = 0 THEN own
        ELSE ('[' || split_part(message, U&'\001E', 2) || ']')::jsonb
    END);

-- By what a record is found: its set, which has some of the words, and the words of what it holds itself. Of a longer word these are
-- the first four letters and digits and the next four: an index has an entry for each word, and most of those that are in one
-- record alone are long.
CREATE FUNCTION otel.own_words(set_id bigint, message text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN to_tsvector('simple'::regconfig, regexp_replace(regexp_replace(
        left(CASE WHEN set_id IS NULL THEN message ELSE split_part(message, U&'\001E', 1) END, 10000),
        U&'[./\\\\:_=@#&?+~%<>\001F-]', ' ', 'g'
    ), '([0-9A-Za-z]{4})([0-9A-Za-z]{1,4})[0-9A-Za-z]*', '\1 \2 ', 'g') || coalesce(' x' || to_hex(set_id), ''));

DROP INDEX otel.log_record_words;
CREATE INDEX log_record_words ON otel.log_record USING gin (otel.own_words(set_id, message));

CREATE OR REPLACE VIEW otel.otel_logs AS
SELECT
    l.time                                             AS timestamp,
    l.service,
    CASE WHEN l.severity_number BETWEEN 1 AND 4 THEN 'TRACE' WHEN l.severity_number BETWEEN 5 AND 8 THEN 'DEBUG'
         WHEN l.severity_number BETWEEN 9 AND 12 THEN 'INFO' WHEN l.severity_number BETWEEN 13 AND 16 THEN 'WARNING'
         WHEN l.severity_number BETWEEN 17 AND 20 THEN 'ERROR' WHEN l.severity_number BETWEEN 21 AND 24 THEN 'CRITICAL'
         ELSE coalesce(upper(coalesce(l.severity_text, s.severity_text)), 'UNSPECIFIED') END AS level,
    otel.message_of(s.message_format, l.message)       AS message,
    otel.trace_hex(l.trace_id)                         AS trace_id,
    otel.span_hex(l.span_id)                           AS span_id,
    l.severity_number,
    coalesce(l.severity_text, s.severity_text)         AS severity_text,
    l.event_name,
    l.body,
    coalesce(otel.log_attributes_of(l.set_id, l.attributes, l.message), '{}'::jsonb) AS attributes,
    coalesce(r.attributes, '{}'::jsonb)                AS resource_attributes,
    c.name                                             AS scope,
    l.trace_id                                         AS trace_uuid,
    otel.pattern_hex(l.pattern_id)                     AS pattern_id,
    otel.pattern_hex(l.error_id)                       AS error_id
FROM otel.log_record l
LEFT JOIN otel.attribute_set s USING (set_id)
LEFT JOIN otel.resource r USING (resource_id)
LEFT JOIN otel.scope c ON c.scope_id = coalesce(l.scope_id, s.scope_id);
