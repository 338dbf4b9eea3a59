SELECT pattern_id, embedding
FROM otel.embedding
WHERE model_id = $1 AND pattern_id = ANY ($2::bigint[])
