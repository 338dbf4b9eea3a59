CREATE INDEX CONCURRENTLY $name ON otel.embedding
USING hnsw ((embedding::vector($dimension)) vector_cosine_ops) WITH (m = $m, ef_construction = $ef_construction)
WHERE model_id = $model
