SELECT count(*)
FROM otel.pattern p
WHERE NOT EXISTS (
    SELECT
    FROM otel.embedding e
    JOIN otel.embedding_model m USING (model_id)
    WHERE m.identity = $1 AND e.pattern_id = p.pattern_id
)
