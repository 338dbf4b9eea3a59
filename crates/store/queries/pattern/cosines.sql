SELECT e.pattern_id, 1 - (e.embedding::vector($dimension) <=> $1::text::vector($dimension)) AS cosine
FROM otel.embedding e
WHERE e.model_id = $model AND e.pattern_id = ANY ($2::bigint[])
