INSERT INTO otel.dead_letter (signal, records, reason, request) VALUES ($1, $2, $3, $4)
