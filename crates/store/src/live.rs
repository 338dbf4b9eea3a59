//! What was just accepted, in the form in which it will be found, without asking a database.
//!
//! A pattern's number is found when a record is stored: here there is none.

use std::{collections::HashMap, time::Duration};

use mahavishnu_pipeline::Batch;
use opentelemetry_proto::tonic::{
    collector::{logs::v1::ExportLogsServiceRequest, trace::v1::ExportTraceServiceRequest},
    common::v1::{InstrumentationScope, any_value::Value as Any},
    logs::v1::LogRecord as Sent,
    resource::v1::Resource as SentResource,
};
use prost::Message;
use serde_json::{Map, Value};
use tokio::time::Instant;

use crate::{
    attributes::write_value,
    encode::{
        log::{log_text, log_time},
        shared::{attributes_json, resource_row, scope_row, service_name},
        span::{Meaning, span_id, trace_id},
        summary::{Summaries, Summary, add_span},
    },
    query::{LogRecord, Resource, Scope, SpanId, TraceId, TraceSummary},
    time::UnixNanos,
};

/// Traces that are gathered at the same time: when there are more, the one that waits longest is given.
const MOST_TRACES: usize = 1_000;

/// The log records of a batch, in its order; none for another signal.
///
/// `received` is the time of a record whose source says none.
#[must_use]
pub fn log_records(batch: &Batch, received: UnixNanos) -> Vec<LogRecord> {
    let Ok(request) = ExportLogsServiceRequest::decode(batch.request().clone()) else { return Vec::new() };
    let mut records = Vec::with_capacity(batch.records());
    for group in &request.resource_logs {
        let service = service_name(group.resource.as_ref());
        let resource = resource(group.resource.as_ref(), &group.schema_url);
        for scope_logs in &group.scope_logs {
            let scope = scope(scope_logs.scope.as_ref(), &scope_logs.schema_url);
            records.extend(scope_logs.log_records.iter().map(|log| LogRecord {
                service: service.clone(),
                resource: resource.clone(),
                scope: scope.clone(),
                ..log_record(log, received)
            }));
        }
    }
    records
}

fn log_record(log: &Sent, received: UnixNanos) -> LogRecord {
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let body = log.body.as_ref().filter(|body| !matches!(body.value, None | Some(Any::StringValue(_))));
    let has_body = log.body.as_ref().is_some_and(|body| body.value.is_some());
    LogRecord {
        time: log_time(log, received),
        service: String::new(),
        severity_number: log.severity_number,
        severity_text: text(&log.severity_text),
        message: log_text(log).filter(|_| has_body).map(std::borrow::Cow::into_owned),
        body: body.map(|body| {
            let mut json = Vec::new();
            write_value(&mut json, body);
            serde_json::from_slice(&json).unwrap_or_default()
        }),
        event_name: text(&log.event_name),
        trace_id: trace_id(&log.trace_id).map(TraceId),
        span_id: span_id(&log.span_id).map(|id| SpanId(id.to_be_bytes())),
        attributes: json(attributes_json(&log.attributes)),
        observed_time: Some(UnixNanos(log.observed_time_unix_nano)).filter(|time| time.0 != 0),
        flags: log.flags,
        extra: Value::Object(Map::new()),
        pattern_id: None,
        resource: Resource::default(),
        scope: Scope::default(),
    }
}

fn resource(resource: Option<&SentResource>, schema_url: &str) -> Resource {
    let row = resource_row(resource, schema_url);
    Resource { attributes: json(row.attributes), schema_url: row.schema_url, extra: json(row.extra) }
}

fn scope(scope: Option<&InstrumentationScope>, schema_url: &str) -> Scope {
    let row = scope_row(scope, schema_url);
    Scope {
        name: row.name,
        version: row.version,
        attributes: json(row.attributes),
        schema_url: row.schema_url,
        extra: json(row.extra),
    }
}

/// An object that we wrote.
fn json(text: Option<String>) -> Value {
    text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_else(|| Value::Object(Map::new()))
}

/// Traces that come in parts: each is given when nothing more came of it for a while.
#[derive(Debug, Default)]
pub struct Traces(HashMap<[u8; 16], (Summary, Instant)>);

impl Traces {
    /// Adds the spans of a batch, and gives what there is no room for.
    pub fn add(&mut self, batch: &Batch, now: Instant) -> Vec<TraceSummary> {
        let Ok(request) = ExportTraceServiceRequest::decode(batch.request().clone()) else {
            return Vec::new();
        };
        let mut summaries = Summaries::new();
        for group in &request.resource_spans {
            let service = service_name(group.resource.as_ref());
            for span in group.scope_spans.iter().flat_map(|scope| &scope.spans) {
                add_span(&mut summaries, span, &service, Meaning::default());
            }
        }
        for (id, summary) in summaries {
            match self.0.entry(id) {
                std::collections::hash_map::Entry::Vacant(entry) => {
                    entry.insert((summary, now));
                }
                std::collections::hash_map::Entry::Occupied(mut entry) => {
                    let (known, last) = entry.get_mut();
                    known.join(summary);
                    *last = now;
                }
            }
        }
        let mut given = Vec::new();
        while self.0.len() > MOST_TRACES {
            let Some(oldest) = self.0.iter().min_by_key(|(_, (_, last))| *last).map(|(id, _)| *id) else {
                break;
            };
            given.extend(self.0.remove(&oldest).map(|(summary, _)| line(oldest, summary)));
        }
        given
    }

    /// Gives the traces of which nothing came for this long, the earliest first.
    pub fn quiet(&mut self, long: Duration, now: Instant) -> Vec<TraceSummary> {
        let quiet = self.0.extract_if(|_, (_, last)| now.saturating_duration_since(*last) >= long);
        let mut given: Vec<TraceSummary> = quiet.map(|(id, (summary, _))| line(id, summary)).collect();
        given.sort_by_key(|trace| trace.start_time);
        given
    }
}

/// A line of the list of traces.
fn line(id: [u8; 16], summary: Summary) -> TraceSummary {
    let nanos = summary.end.0.saturating_sub(summary.start.0);
    TraceSummary {
        trace_id: TraceId(id),
        service: summary.service,
        name: summary.name,
        start_time: UnixNanos(summary.start.0 / 1000 * 1000),
        duration_ms: (nanos / 1000) as f64 / 1e3,
        spans: u64::try_from(summary.spans).unwrap_or(0),
        errors: u64::try_from(summary.errors).unwrap_or(0),
        root_missing: summary.root_missing,
    }
}
