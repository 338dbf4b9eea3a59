CASE WHEN message ILIKE ALL ($2) THEN otel.log_words(message) @@ to_tsquery('simple', $1) END
