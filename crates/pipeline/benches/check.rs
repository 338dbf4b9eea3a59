//! What a request costs before it is accepted: `cargo bench -p mahavishnu-pipeline --bench check`.
//!
//! Requests as SDKs send them, of 512 records. A plain one is only walked through; one that must be looked at closely, here for a
//! trace id of zeros, becomes objects, is mended and is encoded again; JSON is read into protobuf.

use bytes::Bytes;
use divan::{
    Bencher, black_box,
    counter::{BytesCount, ItemsCount},
};
use mahavishnu_pipeline::{Signal, check, json};
use opentelemetry_proto::tonic::{
    collector::{logs::v1::ExportLogsServiceRequest, trace::v1::ExportTraceServiceRequest},
    common::v1::{AnyValue, KeyValue, any_value::Value},
    logs::v1::{LogRecord, ResourceLogs, ScopeLogs},
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span},
};
use prost::Message;
use serde_json::json;

const RECORDS: u64 = 512;
const START: u64 = 1_795_478_400_000_000_000;

fn main() {
    divan::main();
}

#[divan::bench]
fn plain_spans(bencher: Bencher<'_, '_>) {
    checked(bencher, Signal::Traces, spans(span));
}

#[divan::bench]
fn spans_of_which_one_is_odd(bencher: Bencher<'_, '_>) {
    let odd =
        |number| if number == 0 { Span { trace_id: vec![0; 16], ..span(number) } } else { span(number) };
    checked(bencher, Signal::Traces, spans(odd));
}

#[divan::bench]
fn plain_log_records(bencher: Bencher<'_, '_>) {
    checked(bencher, Signal::Logs, logs());
}

#[divan::bench]
fn spans_in_json(bencher: Bencher<'_, '_>) {
    let spans: Vec<_> = (0..RECORDS).map(span_in_json).collect();
    let request = json!({"resourceSpans": [{"resource": {}, "scopeSpans": [{"scope": {}, "spans": spans}]}]});
    let body = request.to_string().into_bytes();
    bencher
        .counter(ItemsCount::new(RECORDS))
        .counter(BytesCount::new(body.len()))
        .bench(|| json::to_protobuf(Signal::Traces, black_box(&body)).expect("well formed"));
}

fn checked(bencher: Bencher<'_, '_>, signal: Signal, request: Bytes) {
    bencher
        .counter(ItemsCount::new(RECORDS))
        .counter(BytesCount::new(request.len()))
        .bench(|| check::check(signal, black_box(request.clone())).expect("well formed"));
}

fn spans(one: impl Fn(u64) -> Span) -> Bytes {
    let spans = (0..RECORDS).map(one).collect();
    let scope_spans = vec![ScopeSpans { spans, ..ScopeSpans::default() }];
    let group = ResourceSpans { resource: resource(), scope_spans, ..ResourceSpans::default() };
    ExportTraceServiceRequest { resource_spans: vec![group] }.encode_to_vec().into()
}

fn span(number: u64) -> Span {
    Span {
        trace_id: trace_id(number).to_vec(),
        span_id: span_id(number).to_vec(),
        name: "GET /cart".to_owned(),
        kind: 2,
        start_time_unix_nano: START + number,
        end_time_unix_nano: START + number + 1_000_000,
        attributes: attributes(number),
        ..Span::default()
    }
}

fn span_in_json(number: u64) -> serde_json::Value {
    let attributes = attributes(number).into_iter().map(|attribute| {
        let Some(AnyValue { value: Some(Value::StringValue(value)) }) = attribute.value else {
            unreachable!()
        };
        json!({"key": attribute.key, "value": {"stringValue": value}})
    });
    json!({
        "traceId": const_hex::encode(trace_id(number)),
        "spanId": const_hex::encode(span_id(number)),
        "name": "GET /cart",
        "kind": 2,
        "startTimeUnixNano": (START + number).to_string(),
        "endTimeUnixNano": (START + number + 1_000_000).to_string(),
        "attributes": attributes.collect::<Vec<_>>(),
    })
}

fn logs() -> Bytes {
    let record = |number| LogRecord {
        time_unix_nano: START + number,
        severity_number: 9,
        severity_text: "INFO".to_owned(),
        body: Some(text(&format!("user {number} put {} items into the cart", number % 20))),
        attributes: attributes(number).into_iter().take(3).collect(),
        trace_id: trace_id(number).to_vec(),
        span_id: span_id(number).to_vec(),
        ..LogRecord::default()
    };
    let scope_logs =
        vec![ScopeLogs { log_records: (0..RECORDS).map(record).collect(), ..ScopeLogs::default() }];
    let group = ResourceLogs { resource: resource(), scope_logs, ..ResourceLogs::default() };
    ExportLogsServiceRequest { resource_logs: vec![group] }.encode_to_vec().into()
}

/// Eight spans to a trace.
fn trace_id(number: u64) -> [u8; 16] {
    u128::from(number / 8 + 1).to_be_bytes()
}

fn span_id(number: u64) -> [u8; 8] {
    (number + 1).to_be_bytes()
}

fn resource() -> Option<Resource> {
    Some(Resource { attributes: vec![attribute("service.name", "shop")], ..Resource::default() })
}

/// Twelve.
fn attributes(number: u64) -> Vec<KeyValue> {
    let own = attribute("session.id", &format!("{number:016x}"));
    let keys = [
        "http.request.method",
        "url.path",
        "http.route",
        "server.address",
        "network.protocol.version",
        "user.id",
        "feature",
        "region",
        "zone",
        "host.name",
        "thread.name",
    ];
    keys.into_iter().map(|key| attribute(key, "some value")).chain([own]).collect()
}

fn attribute(key: &str, value: &str) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(text(value)), ..KeyValue::default() }
}

fn text(value: &str) -> AnyValue {
    AnyValue { value: Some(Value::StringValue(value.to_owned())) }
}
