//! The JSON of the API and of `--json`: one shape for both, in the contract's names.
//!
//! Times are RFC 3339 in UTC with nanoseconds. Attributes are as [`mahavishnu_store::attributes`] describes. A number
//! that JSON does not have (NaN, infinities) is a string.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

mod convert;
mod instant;
mod meaning;
mod overview;
mod series;

pub(crate) use convert::list;
pub use instant::Instant;
pub use meaning::{
    Call, ErrorDetail, ErrorGroup, Operation, Pattern, PatternChange, PatternHit, PatternTrend, ServiceMap,
    ServiceSummary, SimilarTrace, TraceResult,
};
pub use overview::{Facet, LogHistogram, TraceFacets, TraceHistogram};
pub use series::{MetricSeries, Series};

/// One line of a list of traces.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TraceSummary {
    pub trace_id: String,
    pub service: String,
    pub name: String,
    pub start_time: Instant,
    pub duration_ms: f64,
    pub spans: u64,
    pub errors: u64,
    /// No span without a parent has come yet: service and name are those of the earliest span.
    pub root_missing: bool,
}

/// Everything about one trace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TraceContext {
    pub trace_id: String,
    pub spans: Vec<Span>,
    pub logs: Vec<LogRecord>,
    pub metrics: Vec<MetricPoint>,
}

/// The contract's TraceResult, with all else that OTLP says of a span.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Span {
    pub trace_id: String,
    pub span_id: String,
    pub parent_span_id: Option<String>,
    pub name: String,
    pub service: String,
    pub operation: String,
    pub kind: String,
    pub status: String,
    pub status_message: Option<String>,
    pub duration_ms: f64,
    pub start_time: Instant,
    pub end_time: Instant,
    pub attributes: Value,
    pub events: Vec<Value>,
    pub links: Vec<Value>,
    pub flags: u32,
    pub extra: Value,
    /// The pattern that its name follows.
    pub pattern_id: Option<String>,
    /// The group of errors that it is of, where it failed.
    pub error_id: Option<String>,
    pub resource: Resource,
    pub scope: Scope,
}

/// The entity that produced telemetry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Resource {
    pub attributes: Value,
    pub schema_url: Option<String>,
    pub extra: Value,
}

/// The instrumentation scope that recorded telemetry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Scope {
    pub name: String,
    pub version: Option<String>,
    pub attributes: Value,
    pub schema_url: Option<String>,
    pub extra: Value,
}

/// A log record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LogRecord {
    pub timestamp: Instant,
    pub service: String,
    pub level: String,
    pub severity_number: i32,
    pub severity_text: Option<String>,
    pub message: Option<String>,
    pub body: Option<Value>,
    pub event_name: Option<String>,
    pub trace_id: Option<String>,
    pub span_id: Option<String>,
    pub attributes: Value,
    pub observed_time: Option<Instant>,
    pub flags: u32,
    pub extra: Value,
    /// The pattern that its message follows.
    pub pattern_id: Option<String>,
    pub resource: Resource,
    pub scope: Scope,
}

/// One line of a list of metrics.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MetricSummary {
    pub name: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub unit: Option<String>,
    pub description: Option<String>,
    pub services: Vec<String>,
    pub series: u64,
    pub last_time: Option<Instant>,
}

/// A data point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MetricPoint {
    pub timestamp: Instant,
    pub start_time: Option<Instant>,
    pub name: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub unit: Option<String>,
    pub description: Option<String>,
    pub temporality: Option<String>,
    pub monotonic: Option<bool>,
    pub service: String,
    pub attributes: Value,
    pub value: Option<Value>,
    pub flags: u32,
    pub count: Option<u64>,
    pub sum: Option<Value>,
    pub min: Option<Value>,
    pub max: Option<Value>,
    pub bounds: Option<Vec<Value>>,
    pub bucket_counts: Option<Vec<u64>>,
    pub detail: Value,
    pub exemplars: Vec<Value>,
    pub extra: Value,
    pub resource: Resource,
    pub scope: Scope,
}

/// The rows of a statement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SqlResult {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<Value>>,
    pub truncated: bool,
}

/// What a statement is asked with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SqlRequest {
    pub sql: String,
    /// For `$1`, `$2` and so on.
    #[serde(default)]
    pub params: Vec<Value>,
    #[serde(default = "default_sql_limit")]
    pub limit: usize,
}

/// Rows that people look at without scrolling for ever.
pub const DEFAULT_SQL_LIMIT: usize = 1000;

fn default_sql_limit() -> usize {
    DEFAULT_SQL_LIMIT
}

/// How a server or a database is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Status {
    pub version: String,
    /// Where a running server listens; none for a database that nobody serves.
    pub addresses: Option<Addresses>,
    /// The database; none where nothing is stored, or it can not be asked now.
    pub storage: Option<StorageStatus>,
    /// Why the database can not be asked now.
    pub storage_error: Option<String>,
    /// Where what a running server accepted waits for its destinations.
    pub spool: Option<SpoolStatus>,
    /// What became of what senders brought since the server started.
    pub ledger: Option<Vec<LedgerEntry>>,
    /// Where a running server sends what it takes.
    pub destinations: Option<Vec<Destination>>,
}

/// One destination of a running server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Destination {
    pub name: String,
    /// The state of its circuit breaker: CLOSED, OPEN or `HALF_OPEN`.
    pub breaker: String,
    /// Failures within the breaker's window.
    pub failures: usize,
    /// Seconds until an open breaker lets a trial through.
    pub next_trial_in_s: Option<f64>,
    /// Requests that wait for it.
    pub waiting_requests: u64,
    /// How long the oldest of them has been waiting since the server started, to the second.
    #[serde(default)]
    pub lag_seconds: f64,
    /// Attempts since the server started that were made because the one before failed.
    #[serde(default)]
    pub retries: u64,
    /// Why an attempt last failed; it may have gone well since.
    pub last_error: Option<String>,
    pub last_error_at: Option<Instant>,
    /// What became of what it was given.
    pub ledger: Vec<DeliveryEntry>,
}

/// Records of one signal at one destination: given = stored + waiting + `dead_lettered` + dropped + skipped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DeliveryEntry {
    pub signal: String,
    /// Accepted since the server started, and those it found waiting then.
    pub given: u64,
    pub stored: u64,
    pub waiting: u64,
    /// Refused for what they hold, and put aside.
    pub dead_lettered: u64,
    /// Gone because there was no room for them, or their disk was damaged.
    pub dropped: u64,
    /// Not meant for this destination.
    pub skipped: u64,
}

/// Records that a destination refused for good.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DeadLetter {
    pub destination: String,
    /// Its number there; rises.
    pub id: u64,
    pub failed_at: Instant,
    pub signal: String,
    pub records: u64,
    pub reason: String,
}

/// How many dead letters were handled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeadLetterCount {
    pub letters: u64,
    /// Beside these, those that this version can not read: they stay.
    pub unreadable: u64,
}

/// Where what was accepted waits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SpoolStatus {
    /// None in memory.
    pub directory: Option<String>,
    pub used_bytes: u64,
    pub budget_bytes: u64,
}

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Addresses {
    pub grpc: String,
    pub http: String,
    pub api: String,
}

/// How a database is. The counts of large tables are estimates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StorageStatus {
    pub engine: String,
    pub location: String,
    pub server_version: String,
    pub pgvector_version: Option<String>,
    pub schema_version: i32,
    pub database_bytes: u64,
    pub traces: u64,
    pub spans: u64,
    pub logs: u64,
    pub points: u64,
}

/// Records of one signal, as their senders were told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LedgerEntry {
    pub signal: String,
    /// Every destination gets them.
    pub accepted: u64,
    /// Their sender was told to come again.
    pub refused: u64,
    /// They can not be kept as they are.
    pub rejected: u64,
    /// They had been accepted before, and were not taken a second time.
    pub repeated: u64,
}
