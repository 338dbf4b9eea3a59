//! Puts records into requests as SDKs do: one process per request, some tens of records, ordered by time.

use std::collections::BTreeMap;

use bytes::Bytes;
use mahavishnu_pipeline::Signal;
use opentelemetry_proto::tonic::{
    collector::{logs::v1::ExportLogsServiceRequest, trace::v1::ExportTraceServiceRequest},
    logs::v1::{LogRecord, ResourceLogs, ScopeLogs},
    trace::v1::{ResourceSpans, ScopeSpans, Span},
};
use prost::Message;

use super::{
    builder::Recorded,
    services::{Instance, Origin, SCHEMA_URL},
};

/// Records in a request. SDKs allow 512 and send every few seconds, which makes some tens at this load.
const MAX_RECORDS: usize = 48;

/// A request and the time at which it is sent.
pub type Timed = (u64, Signal, Bytes);

/// The requests for some spans.
pub fn traces(spans: Vec<Recorded<Span>>) -> Vec<Timed> {
    batches(
        spans,
        |span| span.end_time_unix_nano,
        |instance, scopes| {
            let scope_spans = scopes.into_iter().map(|(origin, spans)| ScopeSpans {
                scope: Some(origin.scope()),
                spans,
                schema_url: SCHEMA_URL.to_owned(),
            });
            let resource_spans = vec![ResourceSpans {
                resource: Some(instance.resource()),
                scope_spans: scope_spans.collect(),
                schema_url: SCHEMA_URL.to_owned(),
            }];
            (Signal::Traces, ExportTraceServiceRequest { resource_spans }.encode_to_vec().into())
        },
    )
}

/// The requests for some log records.
pub fn logs(logs: Vec<Recorded<LogRecord>>) -> Vec<Timed> {
    batches(
        logs,
        |log| log.observed_time_unix_nano,
        |instance, scopes| {
            let scope_logs = scopes.into_iter().map(|(origin, log_records)| ScopeLogs {
                scope: Some(origin.scope()),
                log_records,
                schema_url: String::new(),
            });
            let resource_logs = vec![ResourceLogs {
                resource: Some(instance.resource()),
                scope_logs: scope_logs.collect(),
                schema_url: SCHEMA_URL.to_owned(),
            }];
            (Signal::Logs, ExportLogsServiceRequest { resource_logs }.encode_to_vec().into())
        },
    )
}

/// Groups records by process, cuts them into batches, groups each by scope, and encodes.
fn batches<T>(
    records: Vec<Recorded<T>>,
    time: impl Fn(&T) -> u64,
    encode: impl Fn(Instance, BTreeMap<Origin, Vec<T>>) -> (Signal, Bytes),
) -> Vec<Timed> {
    let mut processes: BTreeMap<Instance, Vec<Recorded<T>>> = BTreeMap::new();
    for record in records {
        processes.entry(record.instance).or_default().push(record);
    }
    let mut requests = Vec::new();
    for (instance, mut records) in processes {
        records.sort_by_key(|recorded| time(&recorded.record));
        let mut rest = records.into_iter().peekable();
        while rest.peek().is_some() {
            let mut sent = 0;
            let mut scopes: BTreeMap<Origin, Vec<T>> = BTreeMap::new();
            for recorded in rest.by_ref().take(MAX_RECORDS) {
                sent = sent.max(time(&recorded.record));
                scopes.entry(recorded.origin).or_default().push(recorded.record);
            }
            let (signal, body) = encode(instance, scopes);
            requests.push((sent, signal, body));
        }
    }
    requests
}
