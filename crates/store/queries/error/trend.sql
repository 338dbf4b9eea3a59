WITH counted AS (
    SELECT c.pattern_id, c.minute AS at, c.count
    FROM otel.pattern_count c
    WHERE c.minute >= $2::timestamptz
      AND c.minute < $3::timestamptz
    UNION ALL
    SELECT h.pattern_id, h.hour, h.count
    FROM otel.pattern_hour h
    WHERE $5
      AND h.hour >= otel.next_hour($2)
      AND h.hour < otel.hour($3)
    UNION ALL
    SELECT m.pattern_id, m.minute, m.count
    FROM otel.pattern_minute m
    WHERE m.minute >= $2
      AND m.minute < CASE WHEN $5 THEN least(otel.next_hour($2), $3) ELSE $3 END
    UNION ALL
    SELECT m.pattern_id, m.minute, m.count
    FROM otel.pattern_minute m
    WHERE $5
      AND m.minute >= greatest(otel.hour($3), otel.next_hour($2))
      AND m.minute < $3
)
SELECT pattern_id,
       width_bucket(
           extract(epoch FROM CASE WHEN $5 THEN greatest(otel.hour(at), $2) ELSE at END)::double precision,
           extract(epoch FROM $2)::double precision,
           extract(epoch FROM $3)::double precision,
           $4::integer
       ) AS part,
       sum(count)::bigint AS count
FROM counted
WHERE pattern_id = ANY ($1::bigint[])
GROUP BY 1, 2
