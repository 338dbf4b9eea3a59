SELECT stem, count(*)
FROM otel.pattern, unnest(lexemes) AS stem
GROUP BY stem
UNION ALL
SELECT NULL, count(*)
FROM otel.pattern
