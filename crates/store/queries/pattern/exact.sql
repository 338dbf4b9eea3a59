SELECT pattern_id
FROM otel.pattern
WHERE (template ILIKE ALL ($1::text[]) OR example ILIKE ALL ($1::text[]))
  AND ($2::text[] IS NULL OR kind = ANY ($2))
  AND ($3::text IS NULL OR service = $3)
ORDER BY first_seen DESC
LIMIT $4
