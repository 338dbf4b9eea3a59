-- Spans, log records and metric points with what they share interned.
--
-- Ids are fixed binary types: a trace id is a uuid, a span id the bigint of its big-endian bytes. A time is a
-- timestamptz (microseconds) with the nanoseconds that remain (0..999) beside it. NULL attributes mean none.
-- The column extra keeps, as an object, the fields that are rarely set and the originals of texts that hold NUL.

CREATE EXTENSION IF NOT EXISTS vector;

CREATE SCHEMA IF NOT EXISTS otel;

CREATE TABLE otel.resource (
    resource_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest      uuid NOT NULL UNIQUE,
    service     text NOT NULL,
    attributes  jsonb,
    schema_url  text,
    extra       jsonb
);

CREATE TABLE otel.scope (
    scope_id   integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest     uuid NOT NULL UNIQUE,
    name       text NOT NULL,
    version    text,
    attributes jsonb,
    schema_url text,
    extra      jsonb
);

CREATE TABLE otel.metric_series (
    series_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest      uuid NOT NULL UNIQUE,
    resource_id integer NOT NULL,
    scope_id    integer NOT NULL,
    service     text NOT NULL,
    name        text NOT NULL,
    -- gauge, sum, histogram, exponential_histogram or summary
    kind        text NOT NULL,
    unit        text,
    description text,
    -- AggregationTemporality of OTLP: 0 unspecified, 1 delta, 2 cumulative
    temporality smallint,
    monotonic   boolean,
    bounds      double precision[],
    attributes  jsonb,
    extra       jsonb
);

CREATE INDEX metric_series_name ON otel.metric_series (left(name, 200));

CREATE TABLE otel.span (
    trace_id       uuid NOT NULL,
    span_id        bigint NOT NULL,
    parent_span_id bigint,
    start_time     timestamptz NOT NULL,
    duration_ns    bigint NOT NULL,
    resource_id    integer NOT NULL,
    scope_id       integer NOT NULL,
    start_nanos    smallint NOT NULL,
    -- SpanKind and StatusCode of OTLP
    kind           smallint NOT NULL,
    status         smallint NOT NULL,
    flags          integer NOT NULL,
    service        text NOT NULL,
    name           text NOT NULL,
    status_message text,
    attributes     jsonb,
    events         jsonb,
    links          jsonb,
    extra          jsonb
) PARTITION BY RANGE (start_time);

CREATE INDEX span_trace_id ON otel.span (trace_id);
CREATE INDEX span_start_time ON otel.span USING brin (start_time) WITH (autosummarize = on);
CREATE INDEX span_error ON otel.span (start_time) WHERE status = 2;
CREATE TABLE otel.span_default PARTITION OF otel.span DEFAULT;

CREATE TABLE otel.log_record (
    -- when it happened; where the source did not say, when it was observed or else received
    time            timestamptz NOT NULL,
    trace_id        uuid,
    span_id         bigint,
    resource_id     integer NOT NULL,
    scope_id        integer NOT NULL,
    -- nanoseconds from time to when it was observed; NULL where the source did not say
    observed_delta_ns bigint,
    flags           integer NOT NULL,
    time_nanos      smallint NOT NULL,
    severity_number smallint NOT NULL,
    service         text NOT NULL,
    severity_text   text,
    event_name      text,
    -- the body as text for people: a string as it is, anything else as JSON
    message         text,
    -- the body where it is not a string
    body            jsonb,
    attributes      jsonb,
    extra           jsonb
) PARTITION BY RANGE (time);

CREATE INDEX log_record_trace_id ON otel.log_record (trace_id) WHERE trace_id IS NOT NULL;
CREATE INDEX log_record_time ON otel.log_record USING brin (time) WITH (autosummarize = on);
CREATE TABLE otel.log_record_default PARTITION OF otel.log_record DEFAULT;

CREATE TABLE otel.metric_point (
    time           timestamptz NOT NULL,
    series_id      bigint NOT NULL,
    -- nanoseconds from start_time to time; NULL where the source gave no start
    start_delta_ns bigint,
    time_nanos     smallint NOT NULL,
    flags          integer NOT NULL,
    value_double   double precision,
    value_int      bigint,
    -- of histograms and summaries; counts are the bits of an unsigned 64-bit integer
    count          bigint,
    sum            double precision,
    min            double precision,
    max            double precision,
    bucket_counts  bigint[],
    -- of exponential histograms and summaries: the rest of the point
    detail         jsonb,
    exemplars      jsonb,
    exemplar_traces uuid[]
) PARTITION BY RANGE (time);

CREATE INDEX metric_point_series ON otel.metric_point (series_id, time);
CREATE INDEX metric_point_time ON otel.metric_point USING brin (time) WITH (autosummarize = on);
CREATE INDEX metric_point_exemplar ON otel.metric_point USING gin (exemplar_traces)
    WHERE exemplar_traces IS NOT NULL;
CREATE TABLE otel.metric_point_default PARTITION OF otel.metric_point DEFAULT;

-- One row per trace, right in whatever order and from however many writers its spans arrive. The root is the
-- earliest span without a parent, or the earliest span as long as none such has come.
CREATE TABLE otel.trace (
    trace_id     uuid PRIMARY KEY,
    start_time   timestamptz NOT NULL,
    end_time     timestamptz NOT NULL,
    span_count   integer NOT NULL,
    error_count  integer NOT NULL,
    root_missing boolean NOT NULL,
    root_start   timestamptz NOT NULL,
    root_span_id bigint NOT NULL,
    service      text NOT NULL,
    name         text NOT NULL
) WITH (fillfactor = 80);

CREATE INDEX trace_start_time ON otel.trace (start_time DESC, trace_id DESC);

-- The partition of one day (UTC) of a table. Rows of that day that came too early are in the default partition and
-- move into it.
CREATE FUNCTION otel.ensure_partition(parent text, time_column text, day date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    partition text := parent || to_char(day, '_YYYYMMDD');
    lower_bound timestamptz := day::timestamp AT TIME ZONE 'UTC';
    upper_bound timestamptz := (day + 1)::timestamp AT TIME ZONE 'UTC';
BEGIN
    IF to_regclass(format('otel.%I', partition)) IS NOT NULL THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('otel.' || partition));
    IF to_regclass(format('otel.%I', partition)) IS NOT NULL THEN
        RETURN;
    END IF;
    EXECUTE format('CREATE TABLE otel.%I (LIKE otel.%I INCLUDING ALL)', partition, parent);
    EXECUTE format('LOCK TABLE otel.%I IN ACCESS EXCLUSIVE MODE', parent || '_default');
    EXECUTE format(
        'WITH moved AS (DELETE FROM otel.%I WHERE %I >= %L AND %I < %L RETURNING *) INSERT INTO otel.%I SELECT * FROM moved',
        parent || '_default', time_column, lower_bound, time_column, upper_bound, partition);
    EXECUTE format('ALTER TABLE otel.%I ATTACH PARTITION otel.%I FOR VALUES FROM (%L) TO (%L)',
        parent, partition, lower_bound, upper_bound);
END
$$;
