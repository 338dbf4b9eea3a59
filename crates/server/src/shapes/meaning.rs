//! Patterns, what was found and why, errors, services.

use mahavishnu_store::query;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{Instant, TraceSummary, convert::status, list};

/// A pattern of log messages or span names, or a group of errors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Pattern {
    pub pattern_id: String,
    pub kind: String,
    pub service: String,
    pub text: String,
    pub count: u64,
    pub errors: u64,
    pub example: String,
    pub first_seen: Instant,
    pub last_seen: Option<Instant>,
    pub detail: Option<Value>,
}

/// A pattern with how it came over time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PatternTrend {
    #[serde(flatten)]
    pub pattern: Pattern,
    /// How often it came in each of equal parts of the time asked for; of the last day where none is.
    pub trend: Vec<u64>,
}

/// A pattern that a search found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PatternHit {
    #[serde(flatten)]
    pub pattern: Pattern,
    pub score: f64,
    pub why: String,
}

/// The contract's TraceResult, with what matched and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TraceResult {
    pub trace_id: String,
    pub span_id: String,
    pub name: String,
    pub service: String,
    pub operation: String,
    pub status: String,
    pub duration_ms: f64,
    pub start_time: Instant,
    pub end_time: Instant,
    pub attributes: Value,
    pub similarity: f64,
    pub matched: String,
    pub why: String,
    /// The trace as a whole.
    pub trace: Option<TraceSummary>,
}

/// A trace that is like another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SimilarTrace {
    #[serde(flatten)]
    pub trace: TraceSummary,
    pub similarity: f64,
    pub why: String,
}

/// Errors that are the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ErrorGroup {
    #[serde(flatten)]
    pub pattern: Pattern,
    /// How many came in each of equal parts of the time asked for.
    pub trend: Vec<u64>,
    pub example_trace: Option<String>,
}

/// A group of errors with traces that have it, and traces of the same operation that went well.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ErrorDetail {
    pub group: ErrorGroup,
    /// The latest failing traces.
    pub traces: Vec<TraceSummary>,
    /// The latest traces of the same operation in which nothing failed.
    pub healthy: Vec<TraceSummary>,
}

/// A pattern that is new, gone, or comes at another rate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PatternChange {
    #[serde(flatten)]
    pub pattern: Pattern,
    pub change: String,
    /// How often it came in the baseline.
    pub before: u64,
    /// Its rate in the window by that in the baseline; null for a new one.
    pub ratio: Option<f64>,
}

/// A service in a time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ServiceSummary {
    pub name: String,
    pub spans: u64,
    pub errors: u64,
    pub logs: u64,
    pub mean_duration_ms: f64,
    /// Half of its spans took no longer, by the latest of its most frequent operations.
    pub p50_ms: f64,
    pub p95_ms: f64,
    pub p99_ms: f64,
    pub last_seen: Option<Instant>,
}

/// What a service does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Operation {
    pub name: String,
    pub spans: u64,
    pub errors: u64,
    pub mean_duration_ms: f64,
    pub p50_ms: f64,
    pub p95_ms: f64,
    pub p99_ms: f64,
    pub last_seen: Option<Instant>,
}

/// Who calls whom, in the latest traces.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ServiceMap {
    pub calls: Vec<Call>,
    /// Of how many traces this is made.
    pub traces: u64,
}

/// Calls from one service to another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Call {
    pub caller: String,
    pub called: String,
    pub calls: u64,
    pub errors: u64,
    pub p50_ms: f64,
    pub p95_ms: f64,
}

impl From<query::PatternRecord> for Pattern {
    fn from(pattern: query::PatternRecord) -> Self {
        Self {
            pattern_id: pattern.id.to_string(),
            kind: pattern.kind,
            service: pattern.service,
            text: pattern.text,
            count: pattern.count,
            errors: pattern.errors,
            example: pattern.example,
            first_seen: pattern.first_seen.into(),
            last_seen: pattern.last_seen.map(Into::into),
            detail: pattern.detail,
        }
    }
}

impl From<query::PatternHit> for PatternHit {
    fn from(hit: query::PatternHit) -> Self {
        Self { pattern: hit.pattern.into(), score: hit.score, why: hit.why.to_string() }
    }
}

impl From<query::TraceResult> for TraceResult {
    fn from(found: query::TraceResult) -> Self {
        Self {
            trace_id: found.trace_id.to_string(),
            span_id: found.span_id.to_string(),
            operation: found.name.clone(),
            name: found.name,
            service: found.service,
            status: status(found.status).to_owned(),
            duration_ms: found.duration_ms,
            start_time: found.start_time.into(),
            end_time: found.end_time.into(),
            attributes: found.attributes,
            similarity: found.similarity,
            matched: found.matched,
            why: found.why,
            trace: found.trace.map(Into::into),
        }
    }
}

impl From<query::SimilarTrace> for SimilarTrace {
    fn from(similar: query::SimilarTrace) -> Self {
        Self { trace: similar.trace.into(), similarity: similar.similarity, why: similar.why }
    }
}

impl From<query::ErrorGroup> for ErrorGroup {
    fn from(group: query::ErrorGroup) -> Self {
        Self { pattern: group.pattern.into(), trend: group.trend, example_trace: group.example_trace }
    }
}

impl From<query::PatternTrend> for PatternTrend {
    fn from(with_trend: query::PatternTrend) -> Self {
        Self { pattern: with_trend.pattern.into(), trend: with_trend.trend }
    }
}

impl From<query::ErrorDetail> for ErrorDetail {
    fn from(detail: query::ErrorDetail) -> Self {
        Self { group: detail.group.into(), traces: list(detail.traces), healthy: list(detail.healthy) }
    }
}

impl From<query::PatternChange> for PatternChange {
    fn from(change: query::PatternChange) -> Self {
        Self {
            pattern: change.pattern.into(),
            change: change.change.name().to_owned(),
            before: change.before,
            ratio: change.ratio,
        }
    }
}

impl From<query::ServiceSummary> for ServiceSummary {
    fn from(service: query::ServiceSummary) -> Self {
        Self {
            name: service.name,
            spans: service.spans,
            errors: service.errors,
            logs: service.logs,
            mean_duration_ms: service.mean_duration_ms,
            p50_ms: service.p50_ms,
            p95_ms: service.p95_ms,
            p99_ms: service.p99_ms,
            last_seen: service.last_seen.map(Into::into),
        }
    }
}

impl From<query::Operation> for Operation {
    fn from(operation: query::Operation) -> Self {
        Self {
            name: operation.name,
            spans: operation.spans,
            errors: operation.errors,
            mean_duration_ms: operation.mean_duration_ms,
            p50_ms: operation.p50_ms,
            p95_ms: operation.p95_ms,
            p99_ms: operation.p99_ms,
            last_seen: operation.last_seen.map(Into::into),
        }
    }
}

impl From<query::ServiceMap> for ServiceMap {
    fn from(map: query::ServiceMap) -> Self {
        Self { calls: list(map.calls), traces: map.traces }
    }
}

impl From<query::Call> for Call {
    fn from(call: query::Call) -> Self {
        Self {
            caller: call.caller,
            called: call.called,
            calls: call.calls,
            errors: call.errors,
            p50_ms: call.p50_ms,
            p95_ms: call.p95_ms,
        }
    }
}
