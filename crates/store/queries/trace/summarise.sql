INSERT INTO otel.trace AS t (
    trace_id, start_time, end_time, span_count, error_count, root_missing, root_start, root_span_id, service, name
)
SELECT * FROM unnest(
    $1::uuid[], $2::timestamptz[], $3::timestamptz[], $4::integer[], $5::integer[], $6::boolean[], $7::timestamptz[],
    $8::bigint[], $9::text[], $10::text[]
)
ON CONFLICT (trace_id) DO UPDATE SET
    start_time = least(t.start_time, excluded.start_time),
    end_time = greatest(t.end_time, excluded.end_time),
    span_count = t.span_count + excluded.span_count,
    error_count = t.error_count + excluded.error_count,
    (root_missing, root_start, root_span_id, service, name) = (
        SELECT r.root_missing, r.root_start, r.root_span_id, r.service, r.name
        FROM (VALUES
            (t.root_missing, t.root_start, t.root_span_id, t.service, t.name),
            (excluded.root_missing, excluded.root_start, excluded.root_span_id, excluded.service, excluded.name)
        ) AS r (root_missing, root_start, root_span_id, service, name)
        ORDER BY r.root_missing, r.root_start, r.root_span_id
        LIMIT 1
    )
