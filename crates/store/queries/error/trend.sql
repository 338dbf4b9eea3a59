SELECT c.pattern_id, part.number AS part, sum(c.count)::bigint AS count
FROM generate_series(1, $4::integer) AS part (number)
CROSS JOIN LATERAL otel.pattern_counts(
    $2::timestamptz + ($3::timestamptz - $2::timestamptz) * (part.number - 1) / $4::integer,
    $2::timestamptz + ($3::timestamptz - $2::timestamptz) * part.number / $4::integer
) c
WHERE c.pattern_id = ANY ($1::bigint[])
GROUP BY 1, 2
