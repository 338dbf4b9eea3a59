SELECT b.bucket, count(*) AS looked, count(*) FILTER (WHERE b.matches) AS matching,
       count(*) FILTER (WHERE b.matches AND b.error_count > 0) AS errors
FROM (
    SELECT date_bin($13::bigint * interval '1 millisecond', t.start_time, $3::timestamptz) AS bucket, t.error_count,
           ($matches) AS matches
    FROM (
        SELECT trace_id, start_time, end_time, error_count, root_start, root_span_id
        FROM otel.trace $sample
        WHERE $window
        LIMIT $14
    ) t
) b
GROUP BY b.bucket
