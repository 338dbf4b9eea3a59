SELECT b.bucket, count(*) AS looked, count(*) FILTER (WHERE b.matches) AS matching,
       count(*) FILTER (WHERE b.matches AND b.severity_number >= 17) AS errors
FROM (
    SELECT date_bin($9::bigint * interval '1 millisecond', l.time, $1::timestamptz) AS bucket, l.severity_number,
           ($6::text IS NULL OR otel.log_words(l.message) @@ to_tsquery('simple', $6))
           AND ($11::text[] IS NULL OR l.message ILIKE ALL ($11)) AND ($7::integer IS NULL OR l.severity_number >= $7)
           AND ($8::jsonb IS NULL OR otel.attributes_of(l.set_id, l.attributes) @> $8) AS matches
    FROM (
        SELECT time, severity_number, message, attributes, set_id
        FROM otel.log_record $sample
        WHERE time >= $1::timestamptz
          AND time < $2::timestamptz
          AND ($3::text IS NULL OR service = $3)
          AND ($4::bigint IS NULL OR pattern_id = $4 OR error_id = $4)
          AND ($5::uuid IS NULL OR trace_id = $5)
        LIMIT $10
    ) l
) b
GROUP BY b.bucket
