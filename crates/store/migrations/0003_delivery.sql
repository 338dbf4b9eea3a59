-- What makes a record come once, and where one goes that can not be stored.

-- Per log of a process and lane of its delivery: the positions whose rows are here. Written in the transaction of those
-- rows. The owner is the process that delivers the log; one that lost it can not write any more.
CREATE TABLE otel.delivered (
    log        bigint         NOT NULL,
    lane       smallint       NOT NULL,
    owner      bigint         NOT NULL,
    has        int8multirange NOT NULL DEFAULT '{}',
    updated_at timestamptz    NOT NULL DEFAULT now(),
    PRIMARY KEY (log, lane)
) WITH (fillfactor = 50);

-- Requests of OTLP, as few records in each as could be told apart, that were refused for what they hold.
CREATE TABLE otel.dead_letter (
    dead_letter_id bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    failed_at      timestamptz NOT NULL DEFAULT now(),
    signal         text        NOT NULL,
    records        integer     NOT NULL,
    reason         text        NOT NULL,
    request        bytea       NOT NULL
);

CREATE VIEW otel.otel_telemetry_dlq AS
SELECT
    dead_letter_id AS id,
    failed_at,
    signal,
    records,
    reason         AS error_message,
    request        AS raw_data
FROM otel.dead_letter;
