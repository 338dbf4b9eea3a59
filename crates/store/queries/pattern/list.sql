SELECT p.pattern_id, p.kind, p.service, p.template, p.example, p.first_seen, p.detail, c.count, c.errors, c.last_seen
FROM (
    SELECT pattern_id, sum(count)::bigint AS count, sum(errors)::bigint AS errors, max(last_seen) AS last_seen
    FROM otel.pattern_counts(coalesce($1::timestamptz, '-infinity'), coalesce($2::timestamptz, 'infinity'))
    GROUP BY pattern_id
) c
JOIN otel.pattern p USING (pattern_id)
WHERE ($3::text[] IS NULL OR p.kind = ANY ($3))
  AND ($4::text IS NULL OR p.service = $4)
ORDER BY c.count DESC, p.pattern_id
LIMIT $5
