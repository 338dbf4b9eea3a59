INSERT INTO otel.embedding (model_id, pattern_id, embedding)
SELECT $1, p.pattern_id, n.embedding::vector
FROM unnest($2::bigint[], $3::text[], $4::text[]) AS n (pattern_id, words, embedding)
JOIN otel.pattern p ON p.pattern_id = n.pattern_id AND p.words = n.words
ON CONFLICT (model_id, pattern_id) DO NOTHING
