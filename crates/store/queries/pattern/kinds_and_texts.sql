SELECT pattern_id, kind, template
FROM otel.pattern
WHERE pattern_id = ANY ($1::bigint[])
