//! Telemetry of a few lines, for tests that say what is in it.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, Result};
use mahavishnu_pipeline::{Batch, Signal, check::check};
use mahavishnu_semantic::{Embedder, Model};
use mahavishnu_store::{
    PostgresExporter, QueryService, Store, UnixNanos,
    embedding::{Embedding, Hnsw, NamedModel},
    query::PatternFilter,
};
use opentelemetry_proto::tonic::{
    collector::{logs::v1::ExportLogsServiceRequest, trace::v1::ExportTraceServiceRequest},
    common::v1::{AnyValue, KeyValue, any_value::Value},
    logs::v1::{LogRecord, ResourceLogs, ScopeLogs},
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span, Status, span::Event},
};
use prost::Message;

pub const NOW: u64 = 1_790_000_000_000_000_000;
pub const SECOND: u64 = 1_000_000_000;

pub fn text(text: &str) -> Option<AnyValue> {
    Some(AnyValue { value: Some(Value::StringValue(text.to_owned())) })
}

pub fn attribute(key: &str, value: &str) -> KeyValue {
    KeyValue { key: key.to_owned(), value: text(value), ..Default::default() }
}

pub fn resource(service: &str) -> Option<Resource> {
    Some(Resource { attributes: vec![attribute("service.name", service)], ..Default::default() })
}

pub fn logs(service: &str, records: Vec<LogRecord>) -> Batch {
    let request = ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs {
            resource: resource(service),
            scope_logs: vec![ScopeLogs { log_records: records, ..Default::default() }],
            ..Default::default()
        }],
    };
    check(Signal::Logs, request.encode_to_vec().into()).expect("well formed").batch
}

pub fn spans(service: &str, spans: Vec<Span>) -> Batch {
    let request = ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: resource(service),
            scope_spans: vec![ScopeSpans { spans, ..Default::default() }],
            ..Default::default()
        }],
    };
    check(Signal::Traces, request.encode_to_vec().into()).expect("well formed").batch
}

pub fn log(message: &str, time: u64) -> LogRecord {
    LogRecord { time_unix_nano: time, body: text(message), severity_number: 9, ..Default::default() }
}

pub fn span(trace: u8, id: u8, parent: u8, name: &str, time: u64) -> Span {
    Span {
        trace_id: vec![trace; 16],
        span_id: vec![id; 8],
        parent_span_id: if parent == 0 { Vec::new() } else { vec![parent; 8] },
        name: name.to_owned(),
        start_time_unix_nano: time,
        end_time_unix_nano: time + 5_000_000,
        ..Default::default()
    }
}

pub fn failing(span: Span, kind: &str, message: &str, stack: &str) -> Span {
    let attributes = vec![
        attribute("exception.type", kind),
        attribute("exception.message", message),
        attribute("exception.stacktrace", stack),
    ];
    Span {
        status: Some(Status { code: 2, message: message.to_owned() }),
        events: vec![Event { name: "exception".to_owned(), attributes, ..Default::default() }],
        ..span
    }
}

pub fn exporter(store: &Store) -> PostgresExporter {
    PostgresExporter::new(store.clone(), || UnixNanos(NOW))
}

pub fn all() -> PatternFilter {
    PatternFilter { limit: 100, ..PatternFilter::default() }
}

/// A service that understands meaning, once every pattern has its vector.
pub async fn understanding(store: &Store, exporter: &PostgresExporter) -> Result<(QueryService, Embedding)> {
    let model: Arc<dyn Embedder> = Arc::new(Model::bundled()?);
    let embedding = Embedding::start(store.clone(), named(&model), Hnsw::default(), exporter.learned());
    let query = QueryService::new(store.clone()).with_embedder(model, Hnsw::default(), 100);
    embedded(&query).await?;
    Ok((query, embedding))
}

pub async fn embedded(query: &QueryService) -> Result<()> {
    let waiting = async {
        while query.without_vector().await? > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    };
    tokio::time::timeout(Duration::from_secs(20), waiting).await.context("patterns have no vectors")?
}

fn named(model: &Arc<dyn Embedder>) -> NamedModel {
    NamedModel { embedder: Arc::clone(model), source: "all-MiniLM-L6-v2".to_owned() }
}
