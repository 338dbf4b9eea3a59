DELETE FROM otel.trace
WHERE ctid = ANY (ARRAY(
    SELECT ctid
    FROM otel.trace
    WHERE start_time >= (date '1970-01-01' + $1::integer)::timestamp AT TIME ZONE 'UTC'
      AND start_time < (date '1970-01-01' + $1::integer + 1)::timestamp AT TIME ZONE 'UTC'
    LIMIT $2
))
