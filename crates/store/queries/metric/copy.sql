COPY otel.metric_point (
    time, series_id, start_delta_ns, time_nanos, flags, value_double, value_int, count, sum, min, max, bucket_counts,
    detail, exemplars, exemplar_traces
) FROM STDIN (FORMAT binary)
