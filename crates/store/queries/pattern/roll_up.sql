WITH oldest AS (
    SELECT otel.hour(min(c.minute)) AS hour
    FROM otel.pattern_count c
    WHERE c.minute < $1::timestamptz
), taken AS (
    DELETE FROM otel.pattern_count c
    USING oldest o
    WHERE c.minute >= o.hour
      AND c.minute < o.hour + interval '1 hour'
      AND c.minute < $1::timestamptz
    RETURNING c.minute, c.pattern_id, c.kind, c.count, c.errors, coalesce(c.duration_ns, 0) AS duration_ns
), minutes AS (
    INSERT INTO otel.pattern_minute AS m (minute, pattern_id, kind, count, errors, duration_ns)
    SELECT minute, pattern_id, kind, sum(count), sum(errors), sum(duration_ns)
    FROM taken
    GROUP BY minute, pattern_id, kind
    ON CONFLICT (pattern_id, minute) DO UPDATE SET
        count = m.count + excluded.count,
        errors = m.errors + excluded.errors,
        duration_ns = m.duration_ns + excluded.duration_ns
), hours AS (
    INSERT INTO otel.pattern_hour AS h (hour, pattern_id, kind, count, errors, duration_ns, last_minute)
    SELECT otel.hour(minute), pattern_id, kind, sum(count), sum(errors), sum(duration_ns), max(minute)
    FROM taken
    GROUP BY 1, pattern_id, kind
    ON CONFLICT (pattern_id, hour) DO UPDATE SET
        count = h.count + excluded.count,
        errors = h.errors + excluded.errors,
        duration_ns = h.duration_ns + excluded.duration_ns,
        last_minute = greatest(h.last_minute, excluded.last_minute)
), six_hours AS (
    INSERT INTO otel.pattern_six_hours AS s (since, pattern_id, kind, count, errors, duration_ns, last_seen)
    SELECT otel.six_hours(minute), pattern_id, kind, sum(count), sum(errors), sum(duration_ns), max(minute)
    FROM taken
    GROUP BY 1, pattern_id, kind
    ON CONFLICT (pattern_id, since) DO UPDATE SET
        count = s.count + excluded.count,
        errors = s.errors + excluded.errors,
        duration_ns = s.duration_ns + excluded.duration_ns,
        last_seen = greatest(s.last_seen, excluded.last_seen)
)
SELECT count(*) FROM taken
