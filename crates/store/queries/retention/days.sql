SELECT (to_date(right(c.relname::text, 8), 'YYYYMMDD') - date '1970-01-01')::integer AS day
FROM pg_inherits i
JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = to_regclass('otel.' || $1::text)
  AND c.relname ~ '_[0-9]{8}$'
ORDER BY day
