(
    l.pattern_id = ANY ($6::bigint[])
    AND otel.second(l.time) >= otel.second(coalesce($4::timestamptz, '-infinity'))
    AND otel.second(l.time) <= otel.second(coalesce($5::timestamptz, 'infinity'))
    OR otel.own_words(l.set_id, l.message) @@ to_tsquery('simple', $7::text)
)
