CASE WHEN l.set_id = ANY ($3::bigint[]) THEN true ELSE (
    SELECT CASE WHEN whole.message ILIKE ALL ($2)
                THEN $1::text IS NULL OR otel.log_words(whole.message) @@ to_tsquery('simple', $1) END
    FROM (SELECT $message AS message OFFSET 0) whole
) END
