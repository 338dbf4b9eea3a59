DELETE FROM otel.trace
WHERE ctid = ANY (ARRAY(
    SELECT ctid
    FROM otel.trace
    WHERE start_time < $1::timestamptz
      AND end_time < $1::timestamptz
    LIMIT $2
))
