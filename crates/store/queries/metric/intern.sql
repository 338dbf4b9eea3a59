INSERT INTO otel.metric_series (
    digest, resource_id, scope_id, service, name, kind, unit, description, temporality, monotonic, bounds, attributes, extra
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::text::jsonb, $13::text::jsonb)
ON CONFLICT (digest) DO UPDATE SET digest = excluded.digest
RETURNING series_id
