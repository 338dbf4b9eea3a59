DELETE FROM otel.dead_letter
