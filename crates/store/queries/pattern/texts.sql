SELECT pattern_id, service || ' ' || template
FROM otel.pattern
WHERE pattern_id = ANY ($1::bigint[])
