DELETE FROM otel.dead_letter WHERE dead_letter_id = ANY($1)
