INSERT INTO otel.embedding_model AS m (identity, dimension, used_at)
VALUES ($1, $2, now())
ON CONFLICT (identity) DO UPDATE SET used_at = now()
RETURNING model_id
