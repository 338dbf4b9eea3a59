SELECT p.pattern_id, p.kind, p.service, p.template, p.example, p.first_seen, p.detail, p.words,
       n.count, n.errors, n.last_seen
FROM unnest($1::bigint[]) WITH ORDINALITY AS wanted (pattern_id, number)
JOIN otel.pattern p USING (pattern_id)
LEFT JOIN LATERAL (
    SELECT sum(c.count)::bigint AS count, sum(c.errors)::bigint AS errors, max(c.minute) AS last_seen
    FROM otel.pattern_count c
    WHERE c.pattern_id = p.pattern_id
      AND ($2::timestamptz IS NULL OR c.minute >= $2)
      AND ($3::timestamptz IS NULL OR c.minute < $3)
) n ON true
ORDER BY wanted.number
