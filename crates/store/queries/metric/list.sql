SELECT m.name, min(m.kind), min(m.unit), min(m.description), array_agg(DISTINCT m.service ORDER BY m.service),
       count(*), max(last.time)
FROM otel.metric_series m
LEFT JOIN LATERAL (
    SELECT p.time FROM otel.metric_point p WHERE p.series_id = m.series_id ORDER BY p.time DESC LIMIT 1
) last ON true
WHERE ($1::text IS NULL OR m.service = $1)
GROUP BY m.name
ORDER BY m.name
LIMIT $2
