INSERT INTO otel.trace AS t (
    trace_id, start_time, end_time, span_count, error_count, root_missing, root_start, root_span_id, service, name,
    patterns, pattern_spans
)
SELECT trace_id, start_time, end_time, span_count, error_count, root_missing, root_start, root_span_id, service, name,
       ($13::bigint[])[first_pattern:last_pattern], ($14::integer[])[first_pattern:last_pattern]
FROM unnest(
    $1::uuid[], $2::timestamptz[], $3::timestamptz[], $4::integer[], $5::integer[], $6::boolean[], $7::timestamptz[],
    $8::bigint[], $9::text[], $10::text[], $11::integer[], $12::integer[]
) AS s (
    trace_id, start_time, end_time, span_count, error_count, root_missing, root_start, root_span_id, service, name,
    first_pattern, last_pattern
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
    ),
    (patterns, pattern_spans) = (
        SELECT array_agg(m.pattern ORDER BY m.pattern), array_agg(m.spans ORDER BY m.pattern)
        FROM (
            SELECT p.pattern, sum(p.spans)::integer AS spans
            FROM (
                SELECT unnest(t.patterns) AS pattern, unnest(t.pattern_spans) AS spans
                UNION ALL
                SELECT unnest(excluded.patterns), unnest(excluded.pattern_spans)
            ) p
            GROUP BY p.pattern
            ORDER BY p.pattern
            LIMIT 256
        ) m
    )
