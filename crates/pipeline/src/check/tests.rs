use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{AnyValue, ArrayValue, KeyValue, any_value::Value},
    trace::v1::{ResourceSpans, ScopeSpans, Span},
};
use prost::Message;
use rstest::rstest;

use super::{Checked, MAX_ATTRIBUTES, MAX_DEPTH, check};
use crate::signal::Signal;

fn good() -> Span {
    Span { trace_id: vec![1; 16], span_id: vec![2; 8], name: "GET /".to_owned(), ..Span::default() }
}

fn request(spans: Vec<Span>) -> Vec<u8> {
    let scope = ScopeSpans { spans, ..ScopeSpans::default() };
    let group = ResourceSpans { scope_spans: vec![scope], ..ResourceSpans::default() };
    ExportTraceServiceRequest { resource_spans: vec![group] }.encode_to_vec()
}

fn checked(spans: Vec<Span>) -> Checked {
    check(Signal::Traces, request(spans).into()).expect("well formed")
}

fn attribute(key: &str, value: Option<Value>) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value }), ..KeyValue::default() }
}

fn nested(depth: usize) -> Option<Value> {
    (0..depth).fold(None, |value, _| Some(Value::ArrayValue(ArrayValue { values: vec![AnyValue { value }] })))
}

#[test]
fn a_good_request_keeps_its_bytes() {
    let bytes = request(vec![good(), good()]);
    let checked = check(Signal::Traces, bytes.clone().into()).expect("well formed");
    assert_eq!((checked.batch.request().as_ref(), checked.batch.records()), (bytes.as_slice(), 2));
    assert_eq!((checked.rejected, checked.reason.as_str()), (0, ""));
}

#[rstest]
#[case::trace_id(Span { trace_id: vec![1; 3], ..good() }, "has a trace id of 3 bytes instead of 16")]
#[case::zeros(Span { trace_id: vec![0; 16], ..good() }, "has a trace id of zeros only")]
#[case::span_id(Span { span_id: vec![], ..good() }, "has a span id of 0 bytes instead of 8")]
#[case::parent(Span { parent_span_id: vec![1; 7], ..good() }, "has a parent span id of 7 bytes instead of 8 or none")]
#[case::many(
    Span { attributes: vec![attribute("k", None); MAX_ATTRIBUTES + 1], ..good() },
    "has 4097 attributes, and the limit is 4096"
)]
#[case::deep(
    Span { attributes: vec![attribute("k", nested(MAX_DEPTH + 1))], ..good() },
    "has attributes nested more than 32 deep"
)]
fn a_record_that_can_not_be_kept_is_named_and_the_rest_goes_on(#[case] bad: Span, #[case] why: &str) {
    let checked = checked(vec![good(), bad, good()]);
    assert_eq!(checked.reason, format!("1 span was rejected: \"GET /\" {why}"));
    assert_eq!((checked.rejected, checked.batch.records()), (1, 2));
    assert_eq!(checked.batch.request().as_ref(), request(vec![good(), good()]));
}

#[test]
fn what_stands_at_a_limit_is_kept() {
    let full = Span { attributes: vec![attribute("k", nested(MAX_DEPTH)); MAX_ATTRIBUTES], ..good() };
    assert_eq!(checked(vec![full]).rejected, 0);
}

#[test]
fn hostile_names_are_escaped_and_clipped() {
    let reason =
        checked(vec![Span { name: format!("\u{1b}[31m{}", "x".repeat(500)), span_id: vec![], ..good() }])
            .reason;
    assert!(reason.contains("\\u{1b}[31mxxx") && reason.len() < 250, "{reason}");
}

#[test]
fn a_truncated_request_is_malformed_and_says_so_shortly() {
    let bytes = request(vec![good()]);
    let error =
        check(Signal::Traces, bytes[..bytes.len() - 1].to_vec().into()).expect_err("truncated").to_string();
    assert!(
        error.starts_with("the body is not an OTLP traces request in protobuf: ") && error.len() < 300,
        "{error}"
    );
}
