SELECT m.source
FROM otel.embedding_model m
WHERE m.identity <> $1
  AND EXISTS (SELECT FROM otel.embedding e WHERE e.model_id = m.model_id)
  AND EXISTS (
      SELECT
      FROM otel.pattern p
      WHERE NOT EXISTS (
          SELECT
          FROM otel.embedding e
          JOIN otel.embedding_model c USING (model_id)
          WHERE c.identity = $1 AND e.pattern_id = p.pattern_id
      )
  )
ORDER BY m.used_at DESC
LIMIT 1
