SELECT pattern_id
FROM otel.pattern
WHERE lexemes @> $1::text[]
  AND ($2::text[] IS NULL OR kind = ANY ($2))
  AND ($3::text IS NULL OR service = $3)
LIMIT $4
