DELETE FROM otel.embedding_model WHERE used_at < now() - interval '7 days'
