INSERT INTO otel.embedding_model AS m (identity, dimension, source, used_at)
VALUES ($1, $2, $3, now())
ON CONFLICT (identity) DO UPDATE SET source = $3, used_at = now()
RETURNING model_id
