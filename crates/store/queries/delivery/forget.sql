-- Logs that nobody delivered for a year: their spools are gone.
DELETE FROM otel.delivered WHERE updated_at < now() - interval '1 year'
