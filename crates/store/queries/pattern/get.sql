SELECT p.pattern_id, p.kind, p.service, p.template, p.example, p.first_seen, p.detail, p.words,
       n.count, n.errors, n.last_seen
FROM unnest($1::bigint[]) WITH ORDINALITY AS wanted (pattern_id, number)
JOIN otel.pattern p USING (pattern_id)
LEFT JOIN LATERAL (
    SELECT sum(c.count)::bigint AS count, sum(c.errors)::bigint AS errors, max(c.last_seen) AS last_seen
    FROM otel.pattern_counts(coalesce($2::timestamptz, '-infinity'), coalesce($3::timestamptz, 'infinity')) c
    WHERE c.pattern_id = p.pattern_id
) n ON true
ORDER BY wanted.number
