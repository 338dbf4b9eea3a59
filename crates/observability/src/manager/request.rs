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

use crate::{
    settings::ObservabilitySettings,
    transformation::{SERVICE, key_value},
};

/// What every record of an application belongs to.
#[derive(Clone, Debug)]
pub(crate) struct Requests {
    resource: Resource,
}

impl Requests {
    /// Of the application that these settings name.
    pub(crate) fn new(settings: &ObservabilitySettings) -> Self {
        let attribute =
            |(name, value): &(String, String)| key_value((name.clone().into(), value.as_str().into()));
        let attributes = settings.resource.iter().map(attribute).collect();
        Self { resource: Resource { attributes, ..Resource::default() } }
    }

    /// Log records as a batch, or as none where there are none.
    pub(crate) fn logs(&self, log_records: Vec<LogRecord>) -> Vec<Batch> {
        if log_records.is_empty() {
            return Vec::new();
        }
        let scope_logs = vec![ScopeLogs { scope: scope(), log_records, ..ScopeLogs::default() }];
        let resource_logs = vec![ResourceLogs {
            resource: Some(self.resource.clone()),
            scope_logs,
            ..ResourceLogs::default()
        }];
        batch(Signal::Logs, &ExportLogsServiceRequest { resource_logs })
    }

    /// Metrics as a batch, or as none where there are none.
    pub(crate) fn metrics(&self, metrics: Vec<Metric>) -> Vec<Batch> {
        if metrics.is_empty() {
            return Vec::new();
        }
        let scope_metrics = vec![ScopeMetrics { scope: scope(), metrics, ..ScopeMetrics::default() }];
        let resource_metrics = vec![ResourceMetrics {
            resource: Some(self.resource.clone()),
            scope_metrics,
            ..ResourceMetrics::default()
        }];
        batch(Signal::Metrics, &ExportMetricsServiceRequest { resource_metrics })
    }

    /// Spans as a batch, or as none where there are none.
    pub(crate) fn traces(&self, spans: Vec<Span>) -> Vec<Batch> {
        if spans.is_empty() {
            return Vec::new();
        }
        let scope_spans = vec![ScopeSpans { scope: scope(), spans, ..ScopeSpans::default() }];
        let resource_spans = vec![ResourceSpans {
            resource: Some(self.resource.clone()),
            scope_spans,
            ..ResourceSpans::default()
        }];
        batch(Signal::Traces, &ExportTraceServiceRequest { resource_spans })
    }
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

fn scope() -> Option<InstrumentationScope> {
    Some(InstrumentationScope {
        name: SERVICE.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..InstrumentationScope::default()
    })
}
