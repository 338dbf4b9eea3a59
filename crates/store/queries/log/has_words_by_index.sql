otel.log_words(message) @@ to_tsquery('simple', $1)
