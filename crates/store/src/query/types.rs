//! What is asked for and what is answered. No type here knows how it is written on a wire.

use std::fmt;

use mahavishnu_semantic::PatternId;
use serde_json::{Map, Value};
use xxhash_rust::xxh3::xxh3_128;

use super::Cursor;
use crate::{error::StoreError, time::UnixNanos};

/// A trace id: 16 bytes, written as 32 hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TraceId(pub [u8; 16]);

impl TraceId {
    /// From 32 hex digits in either case, or the name that an application gave the trace.
    ///
    /// # Errors
    ///
    /// [`StoreError::InvalidArgument`] when it is empty.
    pub fn parse(text: &str) -> Result<Self, StoreError> {
        if text.is_empty() {
            let allowed = "a trace id is 32 hex digits, or the name that an application gave the trace";
            return Err(StoreError::InvalidArgument(allowed.to_owned()));
        }
        Ok(Self::from_hex(text).unwrap_or_else(|| Self::from_name(text)))
    }

    /// From 32 hex digits as OpenTelemetry writes an id: not all of them 0.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut id = [0; 16];
        const_hex::decode_to_slice(text, &mut id).ok()?;
        // The decoder also takes a prefix, which OpenTelemetry does not write.
        (text.len() == 2 * id.len() && id != [0; 16]).then_some(Self(id))
    }

    /// The id of the trace of this name: always the same.
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        // All zeros is no id; no name may have it.
        Self(xxh3_128(name.as_bytes()).max(1).to_be_bytes())
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&const_hex::encode(self.0))
    }
}

/// A span id: 8 bytes, written as 16 hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SpanId(pub [u8; 8]);

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&const_hex::encode(self.0))
    }
}

/// Which traces are asked for; the newest come first.
#[derive(Clone, Debug, Default)]
pub struct TraceFilter {
    /// The service of the root, exactly.
    pub service: Option<String>,
    /// The name of the root, exactly.
    pub operation: Option<String>,
    /// Only traces with a failing span.
    pub errors_only: bool,
    /// `StatusCode` of OTLP: 2 where a span failed, otherwise that of the root.
    pub status: Option<i16>,
    /// At least so long, in milliseconds.
    pub min_duration_ms: Option<f64>,
    /// At most so long, in milliseconds.
    pub max_duration_ms: Option<f64>,
    /// Attributes that one of its spans has.
    pub attributes: Map<String, Value>,
    /// With a span, error or log record of this pattern, among the latest 5000 of them.
    pub pattern_id: Option<PatternId>,
    /// The page behind this one.
    pub after: Option<Cursor>,
    /// Started at or after.
    pub since: Option<UnixNanos>,
    /// Started before.
    pub until: Option<UnixNanos>,
    /// At most so many; see [`super::MAX_ROWS`].
    pub limit: usize,
}

/// One line of a list of traces.
#[derive(Clone, Debug, PartialEq)]
pub struct TraceSummary {
    /// Its id.
    pub trace_id: TraceId,
    /// The service of its root.
    pub service: String,
    /// The name of its root.
    pub name: String,
    /// Its earliest start, to the microsecond.
    pub start_time: UnixNanos,
    /// From its earliest start to its latest end, to the microsecond.
    pub duration_ms: f64,
    /// Spans that have come.
    pub spans: u64,
    /// Spans with status ERROR.
    pub errors: u64,
    /// No span without a parent has come yet: service and name are those of the earliest span.
    pub root_missing: bool,
}

/// Everything about one trace; spans and logs by time.
#[derive(Clone, Debug, PartialEq)]
pub struct TraceContext {
    /// Its id.
    pub trace_id: TraceId,
    /// Its spans.
    pub spans: Vec<Span>,
    /// The log records that carry its id.
    pub logs: Vec<LogRecord>,
    /// The data points with an exemplar of it, or with its id as attribute `trace_id`.
    pub metrics: Vec<MetricPoint>,
}

/// A span with all that OTLP says of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// The trace it belongs to.
    pub trace_id: TraceId,
    /// Its id.
    pub span_id: SpanId,
    /// The span that caused it.
    pub parent_span_id: Option<SpanId>,
    /// `service.name` of its resource.
    pub service: String,
    /// What it does; the contract calls the same `operation`.
    pub name: String,
    /// `SpanKind` of OTLP.
    pub kind: i32,
    /// `StatusCode` of OTLP: 0 unset, 1 ok, 2 error.
    pub status: i32,
    /// What the source said of the status.
    pub status_message: Option<String>,
    /// When it began.
    pub start_time: UnixNanos,
    /// When it ended.
    pub end_time: UnixNanos,
    /// An object; see [`crate::attributes`] for what JSON can not say by itself.
    pub attributes: Value,
    /// An array of objects `{time, name, attributes, dropped_attributes_count}`; `time` in Unix nanoseconds.
    pub events: Value,
    /// An array of objects `{trace_id, span_id, trace_state, attributes, dropped_attributes_count, flags}`.
    pub links: Value,
    /// `SpanFlags` of OTLP.
    pub flags: u32,
    /// The fields that are rarely set: `trace_state`, `dropped_*_count`, originals of texts with NUL.
    pub extra: Value,
    /// The pattern that its name follows.
    pub pattern_id: Option<PatternId>,
    /// The group of errors that it is of, where it failed.
    pub error_id: Option<PatternId>,
    /// Where it comes from.
    pub resource: Resource,
    /// What recorded it.
    pub scope: Scope,
}

/// The entity that produced telemetry.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resource {
    /// An object.
    pub attributes: Value,
    /// The schema its attributes follow.
    pub schema_url: Option<String>,
    /// The fields that are rarely set.
    pub extra: Value,
}

/// The instrumentation scope that recorded telemetry.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scope {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: Option<String>,
    /// An object.
    pub attributes: Value,
    /// The schema its records follow.
    pub schema_url: Option<String>,
    /// The fields that are rarely set.
    pub extra: Value,
}

/// Which log records are asked for; the newest come first.
#[derive(Clone, Debug, Default)]
pub struct LogFilter {
    /// Words that must all occur in the message.
    pub text: Option<String>,
    /// Of one trace.
    pub trace_id: Option<TraceId>,
    /// Of this severity number or above.
    pub min_severity: Option<i32>,
    /// Of one service, exactly.
    pub service: Option<String>,
    /// Of one pattern, or one group of errors.
    pub pattern_id: Option<PatternId>,
    /// Attributes that it has.
    pub attributes: Map<String, Value>,
    /// At or after.
    pub since: Option<UnixNanos>,
    /// Before.
    pub until: Option<UnixNanos>,
    /// The page behind this one.
    pub after: Option<Cursor>,
    /// At most so many; see [`super::MAX_ROWS`].
    pub limit: usize,
}

/// A log record with all that OTLP says of it.
#[derive(Clone, Debug, PartialEq)]
pub struct LogRecord {
    /// When it happened; where the source did not say, when it was observed or else received.
    pub time: UnixNanos,
    /// `service.name` of its resource.
    pub service: String,
    /// `SeverityNumber` of OTLP.
    pub severity_number: i32,
    /// How the source calls the severity.
    pub severity_text: Option<String>,
    /// The body as text for people.
    pub message: Option<String>,
    /// The body where it is not a string.
    pub body: Option<Value>,
    /// The name of the event, where it is one.
    pub event_name: Option<String>,
    /// The trace it belongs to.
    pub trace_id: Option<TraceId>,
    /// The span it belongs to.
    pub span_id: Option<SpanId>,
    /// An object.
    pub attributes: Value,
    /// When it was observed, where the source said (column `observed_delta_ns`, from `time`).
    pub observed_time: Option<UnixNanos>,
    /// `LogRecordFlags` of OTLP.
    pub flags: u32,
    /// The fields that are rarely set: `dropped_attributes_count`, `time` where the source gave 0, ...
    pub extra: Value,
    /// The pattern that its message follows.
    pub pattern_id: Option<PatternId>,
    /// Where it comes from.
    pub resource: Resource,
    /// What recorded it.
    pub scope: Scope,
}

/// Which data points are asked for; the newest come first.
#[derive(Clone, Debug, Default)]
pub struct MetricFilter {
    /// The metric's name, exactly.
    pub name: String,
    /// Of one service, exactly.
    pub service: Option<String>,
    /// At or after.
    pub since: Option<UnixNanos>,
    /// Before.
    pub until: Option<UnixNanos>,
    /// The page behind this one.
    pub after: Option<Cursor>,
    /// At most so many; see [`super::MAX_ROWS`].
    pub limit: usize,
}

/// One line of a list of metrics.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricSummary {
    /// Its name.
    pub name: String,
    /// gauge, sum, histogram, exponential_histogram or summary.
    pub kind: String,
    /// Its unit in UCUM.
    pub unit: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// The services that report it, by name.
    pub services: Vec<String>,
    /// How many series it has.
    pub series: u64,
    /// When its newest point was taken.
    pub last_time: Option<UnixNanos>,
}

/// A data point of a metric with all that OTLP says of it.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricPoint {
    /// When it was taken.
    pub time: UnixNanos,
    /// From when it counts, where the source said.
    pub start_time: Option<UnixNanos>,
    /// The metric's name.
    pub name: String,
    /// gauge, sum, histogram, exponential_histogram or summary.
    pub kind: String,
    /// Its unit in UCUM.
    pub unit: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// `AggregationTemporality` of OTLP, for sums and histograms.
    pub temporality: Option<i32>,
    /// Whether a sum only grows.
    pub monotonic: Option<bool>,
    /// `service.name` of its resource.
    pub service: String,
    /// Its labels: an object.
    pub attributes: Value,
    /// The value of a gauge or sum.
    pub value: Option<Number>,
    /// `DataPointFlags` of OTLP.
    pub flags: u32,
    /// Measurements, of histograms and summaries.
    pub count: Option<u64>,
    /// Their sum.
    pub sum: Option<f64>,
    /// The smallest.
    pub min: Option<f64>,
    /// The largest.
    pub max: Option<f64>,
    /// Upper bounds of all buckets but the last, of histograms.
    pub bounds: Option<Vec<f64>>,
    /// Measurements per bucket, of histograms.
    pub bucket_counts: Option<Vec<u64>>,
    /// The rest of an exponential histogram (`scale`, `zero_count`, `zero_threshold`, `positive`, `negative`) or of a
    /// summary (`quantiles`).
    pub detail: Value,
    /// An array of objects `{time, trace_id, span_id, value, attributes}`.
    pub exemplars: Value,
    /// The fields of the metric that are rarely set.
    pub extra: Value,
    /// Where it comes from.
    pub resource: Resource,
    /// What recorded it.
    pub scope: Scope,
}

/// A number of OTLP: it matters which of the two it was.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// `as_int`.
    Int(i64),
    /// `as_double`.
    Double(f64),
}

/// The rows of a statement.
#[derive(Clone, Debug, PartialEq)]
pub struct SqlResult {
    /// Column names, in order.
    pub columns: Vec<String>,
    /// One JSON value per column.
    pub rows: Vec<Vec<Value>>,
    /// There were more rows than the limit let through.
    pub truncated: bool,
}

/// What the database says of itself.
#[derive(Clone, Debug, PartialEq)]
pub struct StorageStatus {
    /// `embedded` or `postgresql`.
    pub engine: &'static str,
    /// Where, without secrets.
    pub location: String,
    /// The server's version, as it says it.
    pub server_version: String,
    /// The version of pgvector.
    pub pgvector_version: Option<String>,
    /// The newest migration that was applied.
    pub schema_version: i32,
    /// Bytes of the whole database.
    pub database_bytes: u64,
    /// Traces.
    pub traces: u64,
    /// Spans, log records and data points: estimates of the planner once the tables are large.
    pub spans: u64,
    /// See `spans`.
    pub logs: u64,
    /// See `spans`.
    pub points: u64,
}
