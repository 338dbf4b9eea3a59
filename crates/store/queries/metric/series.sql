SELECT series_id, service, kind, unit, temporality, monotonic, bounds, coalesce(attributes, '{}'::jsonb) AS attributes
FROM otel.metric_series
WHERE name = $1 AND left(name, 200) = left($1, 200)
  AND ($2::text IS NULL OR service = $2)
  AND ($3::jsonb IS NULL OR coalesce(attributes, '{}'::jsonb) @> $3)
ORDER BY series_id DESC
LIMIT $4
