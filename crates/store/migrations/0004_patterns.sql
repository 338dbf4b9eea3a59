-- What telemetry means: the patterns that texts follow, and vectors of them.

-- A pattern of log messages or span names of one service, or a group of errors of one service.
CREATE TABLE otel.pattern (
    pattern_id bigint      PRIMARY KEY,
    kind       text        NOT NULL CHECK (kind IN ('log', 'span', 'error')),
    service    text        NOT NULL,
    -- what its texts have in common, with <*> where they differ
    template   text        NOT NULL,
    -- the first text
    example    text        NOT NULL,
    first_seen timestamptz NOT NULL,
    -- of errors: exception type, frames, the pattern of the message, why they are one group
    detail     jsonb,
    -- the template as people would write it: identifiers split, placeholders left out
    words      text        NOT NULL,
    -- the stems of its words
    lexemes    text[]      NOT NULL
);

CREATE INDEX pattern_lexemes ON otel.pattern USING gin (lexemes);
CREATE INDEX pattern_service ON otel.pattern (service, kind);
CREATE INDEX pattern_first_seen ON otel.pattern (first_seen);

-- How often a pattern came: rows are only added, so that no writer waits for another, and summed by who reads.
CREATE TABLE otel.pattern_count (
    minute      timestamptz NOT NULL,
    pattern_id  bigint      NOT NULL,
    kind        "char"      NOT NULL,
    count       bigint      NOT NULL,
    -- spans with status ERROR, log records of severity ERROR or worse
    errors      bigint      NOT NULL,
    -- of spans
    duration_ns bigint
) PARTITION BY RANGE (minute);

-- With what is summed, so that a sum over days reads nothing else.
CREATE INDEX pattern_count_pattern ON otel.pattern_count (pattern_id, minute) INCLUDE (count, errors);
CREATE INDEX pattern_count_kind ON otel.pattern_count (kind, minute);
-- Errors are few, and their groups are asked for by the day.
CREATE INDEX pattern_count_error ON otel.pattern_count (minute) INCLUDE (pattern_id, count) WHERE kind = 'e';
CREATE TABLE otel.pattern_count_default PARTITION OF otel.pattern_count DEFAULT;

-- Vectors of different models are never compared.
CREATE TABLE otel.embedding_model (
    model_id  integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    identity  text    NOT NULL UNIQUE,
    dimension integer NOT NULL,
    -- the setting that names it, to find it again while another takes its place
    source    text    NOT NULL,
    -- one that nobody used for a week goes with its vectors
    used_at   timestamptz NOT NULL
);

CREATE TABLE otel.embedding (
    model_id   integer NOT NULL REFERENCES otel.embedding_model ON DELETE CASCADE,
    pattern_id bigint  NOT NULL REFERENCES otel.pattern ON DELETE CASCADE,
    embedding  vector  NOT NULL,
    PRIMARY KEY (model_id, pattern_id)
);

ALTER TABLE otel.embedding ALTER COLUMN embedding SET STORAGE plain;
CREATE INDEX embedding_pattern ON otel.embedding (pattern_id);

ALTER TABLE otel.span ADD COLUMN pattern_id bigint, ADD COLUMN error_id bigint;
CREATE INDEX span_pattern ON otel.span (pattern_id, start_time);
DROP INDEX otel.span_error;
CREATE INDEX span_failed ON otel.span (start_time) WHERE error_id IS NOT NULL;
CREATE INDEX span_error_group ON otel.span (error_id, start_time) WHERE error_id IS NOT NULL;

ALTER TABLE otel.log_record ADD COLUMN pattern_id bigint, ADD COLUMN error_id bigint;
CREATE INDEX log_record_pattern ON otel.log_record (pattern_id, time);
CREATE INDEX log_record_error_group ON otel.log_record (error_id, time) WHERE error_id IS NOT NULL;

-- The words of a message. PostgreSQL's parser takes what looks like a path, a host or an address for one word: without their
-- signs, each part is found. A word is at most 2 kB and a vector of them 1 MB: the rest of a longer message is not found.
CREATE FUNCTION otel.log_words(message text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN to_tsvector('simple'::regconfig, translate(left(message, 10000), './\:-_=@#&?+~%<>', '                '));

CREATE INDEX log_record_words ON otel.log_record USING gin (otel.log_words(message));

CREATE INDEX metric_series_trace ON otel.metric_series ((attributes ->> 'trace_id'))
    WHERE attributes ->> 'trace_id' IS NOT NULL;

-- Which patterns its spans follow, and how many follow each.
ALTER TABLE otel.trace ADD COLUMN patterns bigint[], ADD COLUMN pattern_spans integer[];
CREATE INDEX trace_operation ON otel.trace (service, left(name, 200), start_time DESC);

CREATE FUNCTION otel.pattern_hex(id bigint) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN encode(int8send(id), 'hex');

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
    coalesce(s.attributes, '{}'::jsonb)                AS attributes,
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
    coalesce(l.attributes, '{}'::jsonb)                AS attributes,
    coalesce(r.attributes, '{}'::jsonb)                AS resource_attributes,
    c.name                                             AS scope,
    l.trace_id                                         AS trace_uuid,
    otel.pattern_hex(l.pattern_id)                     AS pattern_id,
    otel.pattern_hex(l.error_id)                       AS error_id
FROM otel.log_record l
LEFT JOIN otel.resource r USING (resource_id)
LEFT JOIN otel.scope c USING (scope_id);

CREATE VIEW otel.otel_patterns AS
SELECT
    otel.pattern_hex(p.pattern_id)                     AS pattern_id,
    p.kind,
    p.service,
    p.template                                         AS text,
    p.example,
    p.first_seen,
    coalesce(n.last_seen, p.first_seen)                AS last_seen,
    coalesce(n.count, 0)                               AS count,
    coalesce(n.errors, 0)                              AS errors,
    p.detail
FROM otel.pattern p
LEFT JOIN LATERAL (
    SELECT sum(c.count)::bigint AS count, sum(c.errors)::bigint AS errors, max(c.minute) AS last_seen
    FROM otel.pattern_count c
    WHERE c.pattern_id = p.pattern_id
) n ON true;

-- Two writers that come to a new day together: the one that waited looks at the catalog itself, since to_regclass
-- remembers what was not there.
CREATE OR REPLACE FUNCTION otel.ensure_partition(parent text, time_column text, day date) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    partition text := parent || to_char(day, '_YYYYMMDD');
    lower_bound timestamptz := day::timestamp AT TIME ZONE 'UTC';
    upper_bound timestamptz := (day + 1)::timestamp AT TIME ZONE 'UTC';
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('otel.' || partition));
    IF EXISTS (
        SELECT FROM pg_class c WHERE c.relnamespace = 'otel'::regnamespace AND c.relname = partition
    ) THEN
        RETURN;
    END IF;
    EXECUTE format('CREATE TABLE otel.%I (LIKE otel.%I INCLUDING ALL)', partition, parent);
    EXECUTE format('LOCK TABLE otel.%I IN ACCESS EXCLUSIVE MODE', parent || '_default');
    EXECUTE format(
        'WITH moved AS (DELETE FROM otel.%I WHERE %I >= %L AND %I < %L RETURNING *) INSERT INTO otel.%I SELECT * FROM moved',
        parent || '_default', time_column, lower_bound, time_column, upper_bound, partition);
    EXECUTE format('ALTER TABLE otel.%I ATTACH PARTITION otel.%I FOR VALUES FROM (%L) TO (%L)',
        parent, partition, lower_bound, upper_bound);
END
$$;

-- Statements of users run as a role that can read this schema and nothing else, where we may make one. The role is the
-- server's: another database, or another process at the same moment, may have made it.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'mahavishnu_otel_reader') THEN
        CREATE ROLE mahavishnu_otel_reader NOLOGIN;
    END IF;
EXCEPTION WHEN insufficient_privilege OR duplicate_object OR unique_violation THEN
    RAISE NOTICE 'the role mahavishnu_otel_reader was not made: %', SQLERRM;
END
$$;

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'mahavishnu_otel_reader') THEN
        RETURN;
    END IF;
    GRANT USAGE ON SCHEMA otel TO mahavishnu_otel_reader;
    GRANT SELECT ON ALL TABLES IN SCHEMA otel TO mahavishnu_otel_reader;
    ALTER DEFAULT PRIVILEGES IN SCHEMA otel GRANT SELECT ON TABLES TO mahavishnu_otel_reader;
    IF NOT pg_has_role('mahavishnu_otel_reader', 'MEMBER') THEN
        GRANT mahavishnu_otel_reader TO CURRENT_USER;
    END IF;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE NOTICE 'the role mahavishnu_otel_reader can not be used: %', SQLERRM;
END
$$;
