SELECT e.pattern_id, 1 - (e.embedding::vector($dimension) <=> $1::text::vector($dimension)) AS cosine
FROM otel.pattern p
JOIN otel.embedding e ON e.pattern_id = p.pattern_id AND e.model_id = $model
WHERE ($3::text[] IS NULL OR p.kind = ANY ($3))
  AND ($4::text IS NULL OR p.service = $4)
ORDER BY 2 DESC
LIMIT $2
