SELECT key, value, count
FROM (
    SELECT a.key, a.value, count(DISTINCT s.trace_id) AS count,
           row_number() OVER (PARTITION BY a.key ORDER BY count(DISTINCT s.trace_id) DESC, a.value) AS place
    FROM otel.span s
    CROSS JOIN LATERAL jsonb_each(otel.span_attributes_of(s.set_id, s.attributes, s.own_attributes)) AS a (key, value)
    WHERE s.trace_id = ANY ($1::uuid[])
      AND s.start_time >= $2
      AND s.start_time <= $3
      AND jsonb_typeof(a.value) IN ('string', 'number', 'boolean')
      AND length(a.key) <= $4
      AND length(a.value::text) <= $4
    GROUP BY a.key, a.value
) v
WHERE place <= $5
ORDER BY key, place
