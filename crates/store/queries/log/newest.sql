WITH newest AS (
    SELECT max(minute) AS minute
    FROM (
        SELECT max(minute) AS minute
        FROM otel.pattern_count
        WHERE kind = 'l'
          AND minute < coalesce($1::timestamptz, 'infinity')
        UNION ALL
        SELECT max(minute)
        FROM otel.pattern_minute
        WHERE kind = 'l'
          AND minute < coalesce($1::timestamptz, 'infinity')
    ) m
)
SELECT n.minute,
       (
           SELECT otel.second(l.time)
           FROM otel.log_record l
           WHERE l.pattern_id = frequent.pattern_id
             -- Partitions are left out by the time, and what an index of one has of other minutes by the second.
             AND l.time >= n.minute
             AND l.time < n.minute + interval '1 minute'
             AND otel.second(l.time) >= n.minute
             AND otel.second(l.time) <= otel.second(coalesce($1, 'infinity'))
           ORDER BY otel.second(l.time) DESC
           LIMIT 1
       ) AS second,
       greatest(day.records, 0) / greatest(extract(epoch FROM n.minute - date_trunc('day', n.minute, 'UTC')), 60)::double precision
           AS per_second
FROM newest n
LEFT JOIN LATERAL (
    SELECT seen.pattern_id
    FROM (
        SELECT pattern_id, count
        FROM otel.pattern_count
        WHERE kind = 'l'
          AND minute = n.minute
        UNION ALL
        SELECT pattern_id, count
        FROM otel.pattern_minute
        WHERE kind = 'l'
          AND minute = n.minute
        LIMIT 200
    ) seen
    ORDER BY seen.count DESC
    LIMIT 1
) frequent ON true
LEFT JOIN LATERAL (
    SELECT c.reltuples::double precision AS records
    FROM pg_class c
    WHERE c.oid = to_regclass('otel.log_record' || to_char(n.minute AT TIME ZONE 'UTC', '_YYYYMMDD'))
) day ON true
