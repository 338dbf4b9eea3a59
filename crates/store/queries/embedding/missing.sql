SELECT p.pattern_id, p.words
FROM otel.pattern p
WHERE NOT EXISTS (SELECT FROM otel.embedding e WHERE e.model_id = $1 AND e.pattern_id = p.pattern_id)
ORDER BY p.first_seen DESC
LIMIT $2
