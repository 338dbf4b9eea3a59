SELECT b.bucket, count(*) AS looked, count(*) FILTER (WHERE b.matches) AS matching,
       count(*) FILTER (WHERE b.matches AND b.severity_number >= 17) AS errors
FROM (
    SELECT date_bin($10::bigint * interval '1 millisecond', l.time, $1::timestamptz) AS bucket, l.severity_number,
           ($7::text[] IS NULL OR l.message ILIKE ALL ($7)) AND ($8::integer IS NULL OR l.severity_number >= $8)
           AND ($9::jsonb IS NULL OR otel.attributes_of(l.set_id, l.attributes) @> $9) AS matches
    FROM (
        SELECT time, severity_number, message, attributes, set_id
        FROM otel.log_record $sample
        WHERE time >= $1::timestamptz
          AND time < $2::timestamptz
          AND ($3::text IS NULL OR service = $3)
          AND ($4::bigint IS NULL OR pattern_id = $4 OR error_id = $4)
          AND ($5::uuid IS NULL OR trace_id = $5)
          AND ($6::text IS NULL OR otel.log_words(message) @@ to_tsquery('simple', $6))
        LIMIT $11
    ) l
) b
GROUP BY b.bucket
