SELECT count(*),
       EXISTS (
           SELECT FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid
           WHERE c.relnamespace = 'otel'::regnamespace AND c.relname = $2 AND i.indisvalid
       ),
       to_regclass('otel.' || quote_ident($2)) IS NOT NULL
FROM otel.embedding
WHERE model_id = $1
