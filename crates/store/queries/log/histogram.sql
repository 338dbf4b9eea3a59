SELECT b.bucket, count(*) AS looked, count(*) FILTER (WHERE b.matches) AS matching,
       count(*) FILTER (WHERE b.matches AND b.severity_number >= 17) AS errors
FROM (
    SELECT date_bin($12::bigint * interval '1 millisecond', l.time, $4::timestamptz) AS bucket, l.severity_number,
           ($2::text[] IS NULL OR $has_text) AND ($8::integer IS NULL OR l.severity_number >= $8)
           AND ($13::jsonb IS NULL OR otel.log_attributes_of(l.set_id, l.attributes, l.message) @> $13) AS matches
    FROM (
        SELECT l.time, l.severity_number, l.message, l.attributes, l.set_id
        FROM otel.log_record l $sample
        WHERE l.time >= $4
          AND l.time < $5::timestamptz
          AND ($2::text[] IS NULL OR $may_have_text)
          AND ($9::text IS NULL OR l.service = $9)
          AND ($10::bigint IS NULL OR l.pattern_id = $10 OR l.error_id = $10)
          AND ($11::uuid IS NULL OR l.trace_id = $11)
        LIMIT $14
    ) l
) b
GROUP BY b.bucket
