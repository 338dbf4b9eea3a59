INSERT INTO otel.scope (digest, name, version, attributes, schema_url, extra)
VALUES ($1, $2, $3, $4::text::jsonb, $5, $6::text::jsonb)
ON CONFLICT (digest) DO UPDATE SET digest = excluded.digest
RETURNING scope_id
