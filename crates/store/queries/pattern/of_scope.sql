SELECT pattern_id, template, detail
FROM otel.pattern
WHERE kind = $1 AND service = $2
ORDER BY first_seen
LIMIT $3
