SELECT p.pattern_id, p.kind, p.service, p.template, p.example, p.first_seen, p.detail, c.count, c.errors, c.last_seen,
       c.before
FROM (
    SELECT pattern_id,
           coalesce(sum(count) FILTER (WHERE minute >= $2), 0)::bigint AS count,
           coalesce(sum(errors) FILTER (WHERE minute >= $2), 0)::bigint AS errors,
           coalesce(sum(count) FILTER (WHERE minute < $2), 0)::bigint AS before,
           max(minute) AS last_seen
    FROM otel.pattern_count
    WHERE minute >= $1
      AND minute < $3
    GROUP BY pattern_id
) c
JOIN otel.pattern p USING (pattern_id)
WHERE ($4::text[] IS NULL OR p.kind = ANY ($4))
  AND ($5::text IS NULL OR p.service = $5)
