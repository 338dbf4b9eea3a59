-- How often patterns came, summed up: by the minute and by the hour. What writers add to otel.pattern_count stays there for
-- some minutes, then it is moved: whoever asks reads whole hours, minutes where the time asked for begins and ends, and what was
-- not moved yet.

CREATE TABLE otel.pattern_minute (
    minute      timestamptz NOT NULL,
    pattern_id  bigint      NOT NULL,
    kind        "char"      NOT NULL,
    count       bigint      NOT NULL,
    errors      bigint      NOT NULL,
    duration_ns bigint      NOT NULL,
    PRIMARY KEY (pattern_id, minute)
) PARTITION BY RANGE (minute);

CREATE INDEX pattern_minute_kind ON otel.pattern_minute (kind, minute);
CREATE TABLE otel.pattern_minute_default PARTITION OF otel.pattern_minute DEFAULT;

CREATE TABLE otel.pattern_hour (
    hour        timestamptz NOT NULL,
    pattern_id  bigint      NOT NULL,
    kind        "char"      NOT NULL,
    count       bigint      NOT NULL,
    errors      bigint      NOT NULL,
    duration_ns bigint      NOT NULL,
    -- the last minute in which it came
    last_seen   timestamptz NOT NULL,
    PRIMARY KEY (pattern_id, hour)
) PARTITION BY RANGE (hour);

CREATE INDEX pattern_hour_kind ON otel.pattern_hour (kind, hour);
CREATE TABLE otel.pattern_hour_default PARTITION OF otel.pattern_hour DEFAULT;

-- Few rows are left in it.
DROP INDEX otel.pattern_count_kind, otel.pattern_count_error;
CREATE INDEX pattern_count_minute ON otel.pattern_count (minute);

CREATE FUNCTION otel.hour(at timestamptz) RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN date_bin('1 hour', at, timestamptz '2000-01-01 00:00:00+00');

-- The first full hour that begins at this time or after.
CREATE FUNCTION otel.next_hour(at timestamptz) RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN date_bin('1 hour', at + interval '1 hour' - interval '1 microsecond', timestamptz '2000-01-01 00:00:00+00');

-- How often patterns came in the minutes that begin in a time, in parts that are to be summed. PostgreSQL makes it part of the
-- statement that asks, so that a condition on the pattern or its kind uses an index.
CREATE FUNCTION otel.pattern_counts(since timestamptz, until timestamptz)
RETURNS TABLE (pattern_id bigint, kind "char", count bigint, errors bigint, duration_ns bigint, last_seen timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT c.pattern_id, c.kind, c.count, c.errors, c.duration_ns, c.minute
    FROM otel.pattern_count c
    WHERE c.minute >= $1
      AND c.minute < $2
    UNION ALL
    SELECT h.pattern_id, h.kind, h.count, h.errors, h.duration_ns, h.last_seen
    FROM otel.pattern_hour h
    WHERE h.hour >= otel.next_hour($1)
      AND h.hour < otel.hour($2)
    UNION ALL
    SELECT m.pattern_id, m.kind, m.count, m.errors, m.duration_ns, m.minute
    FROM otel.pattern_minute m
    WHERE m.minute >= $1
      AND m.minute < least(otel.next_hour($1), $2)
    UNION ALL
    SELECT m.pattern_id, m.kind, m.count, m.errors, m.duration_ns, m.minute
    FROM otel.pattern_minute m
    WHERE m.minute >= greatest(otel.hour($2), otel.next_hour($1))
      AND m.minute < $2
$$;

CREATE OR REPLACE VIEW otel.otel_patterns AS
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
    SELECT sum(c.count)::bigint AS count, sum(c.errors)::bigint AS errors, max(c.last_seen) AS last_seen
    FROM otel.pattern_counts('-infinity', 'infinity') c
    WHERE c.pattern_id = p.pattern_id
) n ON true;
