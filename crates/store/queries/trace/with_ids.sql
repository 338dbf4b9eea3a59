SELECT DISTINCT ON (wanted.trace_id)
       wanted.number, s.trace_id, s.span_id, s.name, s.service, s.status, s.start_time, s.start_nanos, s.duration_ns,
       otel.span_attributes_of(s.set_id, s.attributes, s.own_attributes) AS attributes
FROM unnest($1::uuid[], $2::bigint[]) WITH ORDINALITY AS wanted (trace_id, span_id, number)
CROSS JOIN LATERAL (
    SELECT *
    FROM otel.span
    WHERE span.trace_id = wanted.trace_id
      AND ($3::text IS NULL OR service = $3)
      AND ($4::text IS NULL OR name = $4)
      AND ($5::smallint IS NULL OR status = $5)
      AND ($6::bigint IS NULL OR duration_ns >= $6)
      AND ($7::bigint IS NULL OR duration_ns <= $7)
      AND ($8::timestamptz IS NULL OR start_time >= $8)
      AND ($9::timestamptz IS NULL OR start_time < $9)
      AND ($10::jsonb IS NULL OR otel.span_attributes_of(set_id, attributes, own_attributes) @> $10)
    ORDER BY span.span_id = wanted.span_id DESC, start_time
    LIMIT 1
) s
ORDER BY wanted.trace_id, wanted.number
