SELECT max(minute)
FROM otel.pattern_count
WHERE kind = 'l'
  AND ($1::timestamptz IS NULL OR minute < $1)
