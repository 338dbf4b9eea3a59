//! Mahavishnu's own records as checked OTLP requests.

use bytes::Bytes;
use mahavishnu_pipeline::{Batch, Signal, check::check};
use opentelemetry_proto::tonic::{
    collector::{
        logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
        trace::v1::ExportTraceServiceRequest,
    },
    common::v1::InstrumentationScope,
    logs::v1::{LogRecord, ResourceLogs, ScopeLogs},
    metrics::v1::{Metric, ResourceMetrics, ScopeMetrics},
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span},
};
use prost::Message;
use tracing::error;

use crate::transformation::{SERVICE, key_value};

/// Log records as a batch, or as none where there are none.
pub(crate) fn logs(log_records: Vec<LogRecord>) -> Vec<Batch> {
    if log_records.is_empty() {
        return Vec::new();
    }
    let scope_logs = vec![ScopeLogs { scope: scope(), log_records, ..ScopeLogs::default() }];
    let resource_logs = vec![ResourceLogs { resource: resource(), scope_logs, ..ResourceLogs::default() }];
    batch(Signal::Logs, &ExportLogsServiceRequest { resource_logs })
}

/// Metrics as a batch, or as none where there are none.
pub(crate) fn metrics(metrics: Vec<Metric>) -> Vec<Batch> {
    if metrics.is_empty() {
        return Vec::new();
    }
    let scope_metrics = vec![ScopeMetrics { scope: scope(), metrics, ..ScopeMetrics::default() }];
    let resource_metrics =
        vec![ResourceMetrics { resource: resource(), scope_metrics, ..ResourceMetrics::default() }];
    batch(Signal::Metrics, &ExportMetricsServiceRequest { resource_metrics })
}

/// Spans as a batch, or as none where there are none.
pub(crate) fn traces(spans: Vec<Span>) -> Vec<Batch> {
    if spans.is_empty() {
        return Vec::new();
    }
    let scope_spans = vec![ScopeSpans { scope: scope(), spans, ..ScopeSpans::default() }];
    let resource_spans =
        vec![ResourceSpans { resource: resource(), scope_spans, ..ResourceSpans::default() }];
    batch(Signal::Traces, &ExportTraceServiceRequest { resource_spans })
}

fn batch(signal: Signal, request: &impl Message) -> Vec<Batch> {
    match check(signal, Bytes::from(request.encode_to_vec())) {
        Ok(checked) => {
            if checked.rejected > 0 {
                error!(signal = ?signal, rejected = checked.rejected, reason = checked.reason, "record-rejected");
            }
            vec![checked.batch]
        }
        Err(malformed) => {
            error!(signal = ?signal, error = %malformed, "record-rejected");
            Vec::new()
        }
    }
}

fn resource() -> Option<Resource> {
    let attributes = vec![key_value(("service.name".into(), SERVICE.into()))];
    Some(Resource { attributes, ..Resource::default() })
}

fn scope() -> Option<InstrumentationScope> {
    Some(InstrumentationScope {
        name: SERVICE.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..InstrumentationScope::default()
    })
}
