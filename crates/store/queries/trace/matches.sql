    (NOT $8::boolean OR t.error_count > 0)
    AND ($9::bigint IS NULL OR t.end_time - t.start_time >= $9 * interval '1 microsecond')
    AND ($10::bigint IS NULL OR t.end_time - t.start_time <= $10 * interval '1 microsecond')
    AND ($11::smallint IS NULL OR CASE WHEN $11 = 2 THEN t.error_count > 0 ELSE t.error_count = 0 AND (
        SELECT s.status
        FROM otel.span s
        WHERE s.trace_id = t.trace_id AND s.span_id = t.root_span_id AND s.start_time = t.root_start
        LIMIT 1
    ) = $11 END)
    AND ($12::jsonb IS NULL OR EXISTS (
        SELECT
        FROM otel.span s
        WHERE s.trace_id = t.trace_id
          AND s.start_time >= t.start_time
          AND s.start_time <= t.end_time
          AND otel.span_attributes_of(s.set_id, s.attributes, s.own_attributes) @> $12
    ))
