SELECT max(newest.minute)
FROM (
    SELECT max(minute) AS minute
    FROM otel.pattern_count
    WHERE kind = 'l'
      AND ($1::timestamptz IS NULL OR minute < $1)
    UNION ALL
    SELECT max(minute)
    FROM otel.pattern_minute
    WHERE kind = 'l'
      AND ($1::timestamptz IS NULL OR minute < $1)
) newest
