SELECT f.*
FROM (
    SELECT l.*
    FROM unnest($6::bigint[]) AS wanted (pattern_id)
    CROSS JOIN LATERAL (
        SELECT l.*, l.ctid::text AS place, l.ctid AS tie
        FROM otel.log_record l
        WHERE l.pattern_id = wanted.pattern_id
          AND otel.second(l.time) >= otel.second(coalesce($4::timestamptz, '-infinity'))
          AND otel.second(l.time) <= otel.second(coalesce($5::timestamptz, 'infinity'))
          AND $has_text
          AND $matches
        ORDER BY otel.second(l.time) DESC, l.time DESC, l.time_nanos DESC, l.ctid DESC
        LIMIT $10
    ) l
    UNION ALL
    SELECT l.*, l.ctid::text AS place, l.ctid AS tie
    FROM otel.log_record l
    WHERE otel.own_words(l.set_id, l.message) @@ to_tsquery('simple', $7::text)
      AND (l.pattern_id IS NULL OR l.pattern_id <> ALL ($6))
      AND $has_text
      AND $matches
) f
ORDER BY f.time DESC, f.time_nanos DESC, f.tie DESC
LIMIT $10
