CREATE SCHEMA IF NOT EXISTS otel;
CREATE TABLE IF NOT EXISTS otel.schema_migration (
    version    integer PRIMARY KEY,
    name       text NOT NULL,
    checksum   text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
