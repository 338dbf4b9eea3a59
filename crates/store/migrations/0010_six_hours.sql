-- How often patterns came, also summed up by six hours: a day that begins at any time is nine rows of a pattern instead of 24.

CREATE TABLE otel.pattern_six_hours (
    since       timestamptz NOT NULL,
    pattern_id  bigint      NOT NULL,
    kind        "char"      NOT NULL,
    count       bigint      NOT NULL,
    errors      bigint      NOT NULL,
    duration_ns bigint      NOT NULL,
    -- the last minute in which it came
    last_seen   timestamptz NOT NULL,
    PRIMARY KEY (pattern_id, since)
) PARTITION BY RANGE (since);

CREATE INDEX pattern_six_hours_kind ON otel.pattern_six_hours (kind, since);
CREATE TABLE otel.pattern_six_hours_default PARTITION OF otel.pattern_six_hours DEFAULT;

-- A program of before, which may still run, would add to the hours alone. It finds no such column now and says so, and what it
-- stores is summed up by this one.
ALTER TABLE otel.pattern_hour RENAME COLUMN last_seen TO last_minute;

CREATE FUNCTION otel.six_hours(at timestamptz) RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN date_bin('6 hours', at, timestamptz '2000-01-01 00:00:00+00');

-- The first full six hours that begin at this time or after.
CREATE FUNCTION otel.next_six_hours(at timestamptz) RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN date_bin('6 hours', at + interval '6 hours' - interval '1 microsecond', timestamptz '2000-01-01 00:00:00+00');

-- Retention takes whole partitions.
SELECT otel.ensure_partition('pattern_six_hours', 'since', to_date(right(c.relname, 8), 'YYYYMMDD'))
FROM pg_inherits i
JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = 'otel.pattern_hour'::regclass
  AND c.relname ~ '_[0-9]{8}$';

INSERT INTO otel.pattern_six_hours (since, pattern_id, kind, count, errors, duration_ns, last_seen)
SELECT otel.six_hours(hour), pattern_id, kind, sum(count), sum(errors), sum(duration_ns), max(last_minute)
FROM otel.pattern_hour
GROUP BY 1, 2, 3;

CREATE OR REPLACE FUNCTION otel.pattern_counts(since timestamptz, until timestamptz)
RETURNS TABLE (pattern_id bigint, kind "char", count bigint, errors bigint, duration_ns bigint, last_seen timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT c.pattern_id, c.kind, c.count, c.errors, c.duration_ns, c.minute
    FROM otel.pattern_count c
    WHERE c.minute >= $1
      AND c.minute < $2
    UNION ALL
    SELECT s.pattern_id, s.kind, s.count, s.errors, s.duration_ns, s.last_seen
    FROM otel.pattern_six_hours s
    WHERE s.since >= otel.next_six_hours($1)
      AND s.since < otel.six_hours($2)
    UNION ALL
    SELECT h.pattern_id, h.kind, h.count, h.errors, h.duration_ns, h.last_minute
    FROM otel.pattern_hour h
    WHERE h.hour >= otel.next_hour($1)
      AND h.hour < least(otel.next_six_hours($1), otel.hour($2))
    UNION ALL
    SELECT h.pattern_id, h.kind, h.count, h.errors, h.duration_ns, h.last_minute
    FROM otel.pattern_hour h
    WHERE h.hour >= greatest(otel.six_hours($2), otel.next_six_hours($1))
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
