-- The records of a pattern are found by the second: those of one second share an entry of the index, which with time to the
-- microsecond takes up to six times the room. Who asks for a time bounds the second as well, for the index.
CREATE FUNCTION otel.second(at timestamptz) RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN date_bin('1 second', at, timestamptz '2000-01-01 00:00:00+00');

DROP INDEX otel.span_pattern, otel.span_error_group, otel.log_record_pattern, otel.log_record_error_group;

CREATE INDEX span_pattern ON otel.span (pattern_id, otel.second(start_time));
CREATE INDEX span_error_group ON otel.span (error_id, otel.second(start_time)) WHERE error_id IS NOT NULL;
CREATE INDEX log_record_pattern ON otel.log_record (pattern_id, otel.second(time));
CREATE INDEX log_record_error_group ON otel.log_record (error_id, otel.second(time)) WHERE error_id IS NOT NULL;
