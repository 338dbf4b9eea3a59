SELECT otel.ensure_partition($1::text, $2::text, date '1970-01-01' + $3::integer)
