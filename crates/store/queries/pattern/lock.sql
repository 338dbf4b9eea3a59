SELECT pattern_id, template, detail, kind, service
FROM otel.pattern
WHERE pattern_id = ANY ($1::bigint[])
ORDER BY pattern_id
FOR UPDATE
