COPY otel.pattern_count (minute, pattern_id, kind, count, errors, duration_ns) FROM STDIN (FORMAT binary)
