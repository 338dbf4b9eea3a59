INSERT INTO otel.resource (digest, service, attributes, schema_url, extra)
VALUES ($1, $2, $3::text::jsonb, $4, $5::text::jsonb)
ON CONFLICT (digest) DO UPDATE SET digest = excluded.digest
RETURNING resource_id
