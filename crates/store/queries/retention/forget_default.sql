DELETE FROM otel.$table
WHERE ctid = ANY (ARRAY(SELECT ctid FROM otel.$table WHERE $column < $1::timestamptz LIMIT $2))
