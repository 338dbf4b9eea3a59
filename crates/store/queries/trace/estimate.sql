SELECT greatest(reltuples, 0)::double precision
FROM pg_class
WHERE oid = 'otel.trace'::regclass
