//! Answers of the store as shapes.

use mahavishnu_pipeline::{Ledger, Signal};
use mahavishnu_store::{UnixNanos, query};
use serde_json::Value;

use super::{
    DeadLetter, DeliveryEntry, Destination, LedgerEntry, LogRecord, MetricPoint, MetricSummary, Resource,
    Scope, Span, SqlResult, StorageStatus, TraceContext, TraceSummary,
};

impl From<query::TraceSummary> for TraceSummary {
    fn from(trace: query::TraceSummary) -> Self {
        Self {
            trace_id: trace.trace_id.to_string(),
            service: trace.service,
            name: trace.name,
            start_time: trace.start_time.into(),
            duration_ms: trace.duration_ms,
            spans: trace.spans,
            errors: trace.errors,
            root_missing: trace.root_missing,
        }
    }
}

impl From<query::TraceContext> for TraceContext {
    fn from(context: query::TraceContext) -> Self {
        Self {
            trace_id: context.trace_id.to_string(),
            spans: list(context.spans),
            logs: list(context.logs),
            metrics: list(context.metrics),
        }
    }
}

impl From<query::Span> for Span {
    fn from(span: query::Span) -> Self {
        let nanos = span.end_time.0.wrapping_sub(span.start_time.0).cast_signed();
        Self {
            trace_id: span.trace_id.to_string(),
            span_id: span.span_id.to_string(),
            parent_span_id: span.parent_span_id.map(|id| id.to_string()),
            operation: span.name.clone(),
            name: span.name,
            service: span.service,
            kind: kind(span.kind).to_owned(),
            status: status(span.status).to_owned(),
            status_message: span.status_message,
            duration_ms: nanos as f64 / 1e6,
            start_time: span.start_time.into(),
            end_time: span.end_time.into(),
            attributes: span.attributes,
            events: items(span.events),
            links: items(span.links),
            flags: span.flags,
            extra: span.extra,
            pattern_id: span.pattern_id.map(|id| id.to_string()),
            error_id: span.error_id.map(|id| id.to_string()),
            resource: span.resource.into(),
            scope: span.scope.into(),
        }
    }
}

impl From<query::Resource> for Resource {
    fn from(resource: query::Resource) -> Self {
        Self { attributes: resource.attributes, schema_url: resource.schema_url, extra: resource.extra }
    }
}

impl From<query::Scope> for Scope {
    fn from(scope: query::Scope) -> Self {
        Self {
            name: scope.name,
            version: scope.version,
            attributes: scope.attributes,
            schema_url: scope.schema_url,
            extra: scope.extra,
        }
    }
}

impl From<query::LogRecord> for LogRecord {
    fn from(log: query::LogRecord) -> Self {
        Self {
            timestamp: log.time.into(),
            service: log.service,
            level: level(log.severity_number, log.severity_text.as_deref()),
            severity_number: log.severity_number,
            severity_text: log.severity_text,
            message: log.message,
            body: log.body,
            event_name: log.event_name,
            trace_id: log.trace_id.map(|id| id.to_string()),
            span_id: log.span_id.map(|id| id.to_string()),
            attributes: log.attributes,
            observed_time: log.observed_time.map(Into::into),
            flags: log.flags,
            extra: log.extra,
            pattern_id: log.pattern_id.map(|id| id.to_string()),
            resource: log.resource.into(),
            scope: log.scope.into(),
        }
    }
}

impl From<query::MetricSummary> for MetricSummary {
    fn from(metric: query::MetricSummary) -> Self {
        Self {
            name: metric.name,
            kind: metric.kind,
            unit: metric.unit,
            description: metric.description,
            services: metric.services,
            series: metric.series,
            last_time: metric.last_time.map(Into::into),
        }
    }
}

impl From<query::MetricPoint> for MetricPoint {
    fn from(point: query::MetricPoint) -> Self {
        Self {
            timestamp: point.time.into(),
            start_time: point.start_time.map(Into::into),
            name: point.name,
            kind: point.kind,
            unit: point.unit,
            description: point.description,
            temporality: point.temporality.map(|number| temporality(number).to_owned()),
            monotonic: point.monotonic,
            service: point.service,
            attributes: point.attributes,
            value: point.value.map(|value| match value {
                query::Number::Int(int) => int.into(),
                query::Number::Double(double) => number(double),
            }),
            flags: point.flags,
            count: point.count,
            sum: point.sum.map(number),
            min: point.min.map(number),
            max: point.max.map(number),
            bounds: point.bounds.map(|bounds| bounds.into_iter().map(number).collect()),
            bucket_counts: point.bucket_counts,
            detail: point.detail,
            exemplars: items(point.exemplars),
            extra: point.extra,
            resource: point.resource.into(),
            scope: point.scope.into(),
        }
    }
}

impl From<query::SqlResult> for SqlResult {
    fn from(result: query::SqlResult) -> Self {
        Self { columns: result.columns, rows: result.rows, truncated: result.truncated }
    }
}

impl From<query::StorageStatus> for StorageStatus {
    fn from(status: query::StorageStatus) -> Self {
        Self {
            engine: status.engine.to_owned(),
            location: status.location,
            server_version: status.server_version,
            pgvector_version: status.pgvector_version,
            schema_version: status.schema_version,
            database_bytes: status.database_bytes,
            traces: status.traces,
            spans: status.spans,
            logs: status.logs,
            points: status.points,
        }
    }
}

impl Destination {
    /// How it is now.
    pub fn of(destination: &mahavishnu_pipeline::Destination) -> Self {
        let breaker = destination.breaker();
        let now = tokio::time::Instant::now();
        let snapshot = breaker.snapshot(now);
        let (last_error, last_error_at) = destination.troubles().last_error().unzip();
        Self {
            name: breaker.destination().to_owned(),
            breaker: snapshot.state.to_string(),
            failures: snapshot.failures,
            next_trial_in_s: snapshot.next_trial_at.map(|at| at.saturating_duration_since(now).as_secs_f64()),
            waiting_requests: destination.waiting_requests(),
            lag_seconds: destination.lag().as_secs_f64(),
            retries: destination.troubles().retries(),
            last_error,
            last_error_at: last_error_at.map(|at| {
                let since_1970 = at.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
                UnixNanos(u64::try_from(since_1970.as_nanos()).unwrap_or(u64::MAX)).into()
            }),
            ledger: destination.signals().iter().map(|signal| entry(destination, *signal)).collect(),
        }
    }
}

fn entry(destination: &mahavishnu_pipeline::Destination, signal: Signal) -> DeliveryEntry {
    let delivered = destination.ledger(signal);
    DeliveryEntry {
        signal: signal.to_string(),
        given: delivered.given,
        stored: delivered.stored,
        waiting: delivered.waiting,
        dead_lettered: delivered.dead_lettered,
        dropped: delivered.dropped,
        skipped: delivered.skipped,
    }
}

impl DeadLetter {
    /// One of the database.
    pub fn of_database(letter: &mahavishnu_store::dead_letter::KeptLetter) -> Self {
        Self {
            destination: "postgresql".to_owned(),
            id: letter.id.unsigned_abs(),
            failed_at: letter.failed_at.into(),
            signal: letter.signal.clone(),
            records: letter.records.into(),
            reason: letter.reason.clone(),
        }
    }

    /// One of the spool.
    pub fn of_spool(letter: &mahavishnu_pipeline::dead_letters::Kept) -> Self {
        Self {
            destination: letter.destination.clone(),
            id: letter.mark.position.get(),
            failed_at: UnixNanos(letter.at_ms.saturating_mul(1_000_000)).into(),
            signal: letter.batch.signal().to_string(),
            records: letter.batch.records() as u64,
            reason: letter.reason.clone(),
        }
    }
}

impl LedgerEntry {
    /// The counts of every signal.
    pub fn all(ledger: &Ledger) -> Vec<Self> {
        Signal::ALL
            .into_iter()
            .map(|signal| {
                let entry = ledger.received(signal);
                Self {
                    signal: signal.to_string(),
                    accepted: entry.accepted,
                    refused: entry.refused,
                    rejected: entry.rejected,
                    repeated: entry.repeated,
                }
            })
            .collect()
    }
}

/// Each of a list in its shape.
pub(crate) fn list<T, U: From<T>>(items: Vec<T>) -> Vec<U> {
    items.into_iter().map(U::from).collect()
}

fn items(json: Value) -> Vec<Value> {
    match json {
        Value::Array(items) => items,
        _ => Vec::new(),
    }
}

fn number(double: f64) -> Value {
    serde_json::Number::from_f64(double).map_or_else(|| double.to_string().into(), Value::Number)
}

fn kind(number: i32) -> &'static str {
    match number {
        1 => "INTERNAL",
        2 => "SERVER",
        3 => "CLIENT",
        4 => "PRODUCER",
        5 => "CONSUMER",
        _ => "UNSPECIFIED",
    }
}

pub(super) fn status(number: i32) -> &'static str {
    match number {
        1 => "OK",
        2 => "ERROR",
        _ => "UNSET",
    }
}

fn temporality(number: i32) -> &'static str {
    match number {
        1 => "DELTA",
        2 => "CUMULATIVE",
        _ => "UNSPECIFIED",
    }
}

/// The contract's level of a severity number; what the source says where the number says nothing.
fn level(number: i32, text: Option<&str>) -> String {
    match number {
        1..=4 => "TRACE".to_owned(),
        5..=8 => "DEBUG".to_owned(),
        9..=12 => "INFO".to_owned(),
        13..=16 => "WARNING".to_owned(),
        17..=20 => "ERROR".to_owned(),
        21..=24 => "CRITICAL".to_owned(),
        _ => text.map_or_else(|| "UNSPECIFIED".to_owned(), str::to_uppercase),
    }
}
