//! What was just accepted, in the form in which it will be found, without asking a database.
//!
//! A pattern's number is found when a record is stored: here there is none.

use std::{collections::HashMap, time::Duration};

use mahavishnu_pipeline::{Batch, Signal};
use opentelemetry_proto::tonic::{common::v1::InstrumentationScope, resource::v1::Resource as SentResource};
use prost::Message;
use serde_json::{Map, Value};
use tokio::time::Instant;

use crate::{
    attributes::{write_attribute_views, write_value_view},
    encode::{
        log::{log_text, log_time},
        shared::{resource_row, scope_row, service_name},
        span::{Meaning, span_id, trace_id},
        summary::{Summaries, Summary},
        view::{Group, LogView, SpanView, Value as Sent, groups, plain},
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
    if batch.signal() != Signal::Logs {
        return Vec::new();
    }
    read(batch, received).unwrap_or_default()
}

fn read(batch: &Batch, received: UnixNanos) -> Option<Vec<LogRecord>> {
    let request = plain(batch).ok()?;
    let (mut records, mut log) = (Vec::with_capacity(batch.records()), LogView::default());
    for group in groups(&request).ok()? {
        let group = Group::of(group).ok()?;
        let sent = decode::<SentResource>(group.shared.message);
        let service = service_name(sent.as_ref());
        let resource = resource(sent.as_ref(), group.shared.schema_url);
        for members in group.members {
            let members = Group::of(members).ok()?;
            let sent = decode::<InstrumentationScope>(members.shared.message);
            let scope = scope(sent.as_ref(), members.shared.schema_url);
            for bytes in members.members {
                log.read(bytes).ok()?;
                records.push(LogRecord {
                    service: service.clone(),
                    resource: resource.clone(),
                    scope: scope.clone(),
                    ..log_record(&log, received)
                });
            }
        }
    }
    Some(records)
}

fn decode<M: Message + Default>(message: Option<&[u8]>) -> Option<M> {
    message.and_then(|message| M::decode(message).ok())
}

fn log_record(log: &LogView<'_>, received: UnixNanos) -> LogRecord {
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let has_body = log.body != Sent::Empty;
    let body = Some(log.body).filter(|body| !matches!(body, Sent::Empty | Sent::Text(_)));
    LogRecord {
        time: log_time(log, received),
        service: String::new(),
        severity_number: log.severity_number,
        severity_text: text(log.severity_text),
        message: log_text(log).filter(|_| has_body).map(std::borrow::Cow::into_owned),
        body: body.map(|body| written(|out| write_value_view(out, body))),
        event_name: text(log.event_name),
        trace_id: trace_id(log.trace_id).map(TraceId),
        span_id: span_id(log.span_id).map(|id| SpanId(id.to_be_bytes())),
        attributes: written(|out| write_attribute_views(out, &log.attributes)),
        observed_time: Some(UnixNanos(log.observed_time)).filter(|time| time.0 != 0),
        flags: log.flags,
        extra: Value::Object(Map::new()),
        pattern_id: None,
        resource: Resource::default(),
        scope: Scope::default(),
    }
}

/// The JSON that `write` writes.
fn written(write: impl FnOnce(&mut Vec<u8>)) -> Value {
    let mut json = Vec::new();
    write(&mut json);
    serde_json::from_slice(&json).unwrap_or_default()
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
        let summaries = summarise(batch).unwrap_or_default();
        for (id, summary) in summaries.into_sorted() {
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

fn summarise(batch: &Batch) -> Option<Summaries> {
    if batch.signal() != Signal::Traces {
        return None;
    }
    let request = plain(batch).ok()?;
    let (mut summaries, mut span) = (Summaries::default(), SpanView::default());
    for group in groups(&request).ok()? {
        let group = Group::of(group).ok()?;
        let service = service_name(decode::<SentResource>(group.shared.message).as_ref());
        for members in group.members {
            for bytes in Group::of(members).ok()?.members {
                span.read(bytes).ok()?;
                summaries.add(&span, &service, Meaning::default());
            }
        }
    }
    Some(summaries)
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
