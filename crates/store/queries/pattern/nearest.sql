SELECT e.pattern_id, 1 - (e.embedding::vector($dimension) <=> $1::text::vector($dimension)) AS cosine
FROM otel.embedding e
WHERE e.model_id = $model
ORDER BY e.embedding::vector($dimension) <=> $1::text::vector($dimension)
LIMIT $2
