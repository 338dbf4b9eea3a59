SELECT pattern_id, width_bucket(extract(epoch FROM minute), extract(epoch FROM $2::timestamptz),
       extract(epoch FROM $3::timestamptz), $4) AS bucket, sum(count)::bigint AS count
FROM otel.pattern_count
WHERE pattern_id = ANY ($1::bigint[])
  AND minute >= $2
  AND minute < $3
GROUP BY 1, 2
