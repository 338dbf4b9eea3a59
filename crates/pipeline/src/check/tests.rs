//! What is kept, what is rejected, and how it is said.

use mahavishnu_test_util::telemetry;
use opentelemetry_proto::tonic::{
    collector::{
        logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
        trace::v1::ExportTraceServiceRequest,
    },
    common::v1::{AnyValue, ArrayValue, KeyValue, KeyValueList, any_value::Value},
    logs::v1::{LogRecord, ResourceLogs, ScopeLogs},
    metrics::v1::{
        Exemplar, Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, metric::Data,
    },
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span, span::Event},
};
use proptest::{prelude::ProptestConfig, proptest};
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

/// The same depth costs the decoder more.
fn nested_pairs(depth: usize) -> Option<Value> {
    (0..depth)
        .fold(None, |value, _| Some(Value::KvlistValue(KeyValueList { values: vec![attribute("k", value)] })))
}

fn gauge(name: &str, points: Vec<NumberDataPoint>) -> Metric {
    let data = Some(Data::Gauge(Gauge { data_points: points }));
    Metric { name: name.to_owned(), data, ..Metric::default() }
}

fn metrics(metrics: Vec<Metric>) -> Vec<u8> {
    let scope = ScopeMetrics { metrics, ..ScopeMetrics::default() };
    let group = ResourceMetrics { scope_metrics: vec![scope], ..ResourceMetrics::default() };
    ExportMetricsServiceRequest { resource_metrics: vec![group] }.encode_to_vec()
}

fn logs(log_records: Vec<LogRecord>) -> Vec<u8> {
    let scope = ScopeLogs { log_records, ..ScopeLogs::default() };
    let group = ResourceLogs { scope_logs: vec![scope], ..ResourceLogs::default() };
    ExportLogsServiceRequest { resource_logs: vec![group] }.encode_to_vec()
}

fn with_exemplar(exemplar: Exemplar) -> NumberDataPoint {
    NumberDataPoint { exemplars: vec![exemplar], ..NumberDataPoint::default() }
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

#[test]
fn several_are_counted_and_the_first_is_named() {
    let bad = |name: &str| Span { name: name.to_owned(), trace_id: vec![1; 3], ..good() };
    let checked = checked(vec![good(), bad("first"), bad("second")]);
    assert_eq!(
        checked.reason,
        "2 spans were rejected; the first: \"first\" has a trace id of 3 bytes instead of 16"
    );
}

#[rstest]
#[case::attributes(vec![attribute("k", None); 5000], "has 5000 resource attributes, and the limit is 4096")]
#[case::depth(vec![attribute("k", nested(33))], "has resource attributes nested more than 32 deep")]
fn a_resource_that_can_not_be_kept_takes_its_records_with_it(
    #[case] attributes: Vec<KeyValue>,
    #[case] why: &str,
) {
    let resource = Some(Resource { attributes, ..Resource::default() });
    let scope_spans = vec![ScopeSpans { spans: vec![good(), good()], ..ScopeSpans::default() }];
    let bad = ResourceSpans { resource, scope_spans: scope_spans.clone(), ..ResourceSpans::default() };
    let fine = ResourceSpans { scope_spans, ..ResourceSpans::default() };
    let request = ExportTraceServiceRequest { resource_spans: vec![bad, fine] }.encode_to_vec();
    let checked = check(Signal::Traces, request.into()).expect("well formed");
    assert_eq!(checked.reason, format!("2 spans were rejected; the first: \"GET /\" {why}"));
    assert_eq!((checked.rejected, checked.batch.records()), (2, 2));
}

#[rstest]
#[case::trace_id(Exemplar { trace_id: vec![1; 3], ..Exemplar::default() }, "has an exemplar trace id of 3 bytes")]
#[case::span_id(Exemplar { span_id: vec![1; 9], ..Exemplar::default() }, "has an exemplar span id of 9 bytes")]
#[case::many(
    Exemplar { filtered_attributes: vec![attribute("k", None); 4097], ..Exemplar::default() },
    "has 4097 exemplar attributes"
)]
fn a_point_with_a_bad_exemplar_is_rejected(#[case] exemplar: Exemplar, #[case] why: &str) {
    let request =
        metrics(vec![gauge("load", vec![with_exemplar(exemplar), with_exemplar(Exemplar::default())])]);
    let checked = check(Signal::Metrics, request.into()).expect("well formed");
    let beginning = format!("1 data point was rejected: a point of \"load\" {why}");
    assert!(checked.reason.starts_with(&beginning), "{}", checked.reason);
    assert_eq!((checked.rejected, checked.batch.records()), (1, 1));
}

#[test]
fn a_metric_that_lost_every_point_is_left_out() {
    let bad = || with_exemplar(Exemplar { trace_id: vec![1], ..Exemplar::default() });
    let fine = gauge("fine", vec![NumberDataPoint::default()]);
    let sum = Some(Data::Sum(Sum { data_points: vec![bad()], ..Sum::default() }));
    let lost = vec![gauge("lost", vec![bad(), bad()]), Metric { data: sum, ..Metric::default() }];
    let request = metrics([lost, vec![fine.clone()]].concat());
    let checked = check(Signal::Metrics, request.into()).expect("well formed");
    assert_eq!((checked.rejected, checked.batch.records()), (3, 1));
    assert_eq!(checked.batch.request().as_ref(), metrics(vec![fine]));
}

#[test]
fn a_metric_without_data_is_mentioned_and_nothing_is_rejected() {
    let request =
        metrics(vec![Metric { name: "odd".to_owned(), ..Metric::default() }, gauge("empty", vec![])]);
    let checked = check(Signal::Metrics, request.clone().into()).expect("well formed");
    assert_eq!(checked.reason, "metric \"odd\" has no data that we know");
    assert_eq!((checked.rejected, checked.batch.records()), (0, 0));
    assert_eq!(checked.batch.request().as_ref(), request);
}

#[rstest]
#[case::trace_id(LogRecord { trace_id: vec![1; 15], ..LogRecord::default() }, "has a trace id of 15 bytes")]
#[case::span_id(LogRecord { span_id: vec![1; 7], ..LogRecord::default() }, "has a span id of 7 bytes")]
#[case::body(
    LogRecord { body: Some(AnyValue { value: nested(33) }), ..LogRecord::default() },
    "has a body nested more than 32 deep"
)]
fn a_log_record_that_can_not_be_kept_is_named(#[case] bad: LogRecord, #[case] why: &str) {
    let bad = LogRecord { event_name: "login".to_owned(), ..bad };
    let checked = check(Signal::Logs, logs(vec![bad, LogRecord::default()]).into()).expect("well formed");
    let beginning = format!("1 log record was rejected: \"login\" {why}");
    assert!(checked.reason.starts_with(&beginning), "{}", checked.reason);
    assert_eq!(checked.batch.records(), 1);
}

#[rstest]
#[case::pairs(attribute("k", nested_pairs(33)))]
#[case::lists(attribute("k", nested(60)))]
#[case::very_deep(attribute("k", nested_pairs(400)))]
fn what_the_decoder_gives_up_on_takes_only_its_own_record_with_it(#[case] deep: KeyValue) {
    let event = Event { attributes: vec![deep.clone()], ..Event::default() };
    let bad = Span { events: vec![event], ..good() };
    let checked_spans = checked(vec![good(), bad, good()]);
    assert_eq!(checked_spans.reason, "1 span was rejected: \"GET /\" has values nested more than 32 deep");
    assert_eq!((checked_spans.rejected, checked_spans.batch.records()), (1, 2));
    assert_eq!(checked_spans.batch.request().as_ref(), request(vec![good(), good()]));

    let log = LogRecord { event_name: "login".to_owned(), body: deep.value.clone(), ..LogRecord::default() };
    let checked = check(Signal::Logs, logs(vec![log, LogRecord::default()]).into()).expect("well formed");
    assert_eq!((checked.rejected, checked.batch.records()), (1, 1));

    let exemplar = Exemplar { filtered_attributes: vec![deep.clone()], ..Exemplar::default() };
    let points = vec![with_exemplar(exemplar), NumberDataPoint::default()];
    let request = metrics(vec![gauge("load", points), gauge("fine", vec![NumberDataPoint::default()])]);
    let checked = check(Signal::Metrics, request.into()).expect("well formed");
    assert_eq!(checked.rejected + checked.batch.records() as u64, 3);
    assert!(checked.reason.contains("a point of \"load\" has "), "{}", checked.reason);

    let resource = Some(Resource { attributes: vec![deep], ..Resource::default() });
    let scope_spans = vec![ScopeSpans { spans: vec![good(), good()], ..ScopeSpans::default() }];
    let group = ResourceSpans { resource, scope_spans, ..ResourceSpans::default() };
    let request = ExportTraceServiceRequest { resource_spans: vec![group] }.encode_to_vec();
    let checked = check(Signal::Traces, request.into()).expect("well formed");
    assert_eq!((checked.rejected, checked.batch.records()), (2, 0));
}

/// What is kept and what is rejected is all there was; what was checked passes a second check untouched.
fn assert_sifts(signal: Signal, request: &impl Message, records: usize) {
    let bytes = request.encode_to_vec();
    let first = check(signal, bytes.clone().into()).expect("well formed");
    assert_eq!(first.batch.records() + usize::try_from(first.rejected).expect("fits"), records);
    if first.rejected == 0 {
        assert_eq!(first.batch.request().as_ref(), bytes);
    } else {
        assert!(first.reason.contains("rejected"), "{}", first.reason);
    }
    assert!(first.reason.len() < 2000 && !first.reason.contains(char::is_control), "{}", first.reason);
    let again = check(signal, first.batch.request().clone()).expect("well formed");
    let seen = (again.rejected, again.batch.request(), again.batch.records());
    assert_eq!(seen, (0, first.batch.request(), first.batch.records()));
}

fn points(metric: &Metric) -> usize {
    match &metric.data {
        None => 0,
        Some(Data::Gauge(kind)) => kind.data_points.len(),
        Some(Data::Sum(kind)) => kind.data_points.len(),
        Some(Data::Histogram(kind)) => kind.data_points.len(),
        Some(Data::ExponentialHistogram(kind)) => kind.data_points.len(),
        Some(Data::Summary(kind)) => kind.data_points.len(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_traces_request_is_sifted(request in telemetry::traces_request()) {
        let scopes = request.resource_spans.iter().flat_map(|group| &group.scope_spans);
        assert_sifts(Signal::Traces, &request, scopes.map(|scope| scope.spans.len()).sum());
    }

    #[test]
    fn any_metrics_request_is_sifted(request in telemetry::metrics_request()) {
        let scopes = request.resource_metrics.iter().flat_map(|group| &group.scope_metrics);
        assert_sifts(Signal::Metrics, &request, scopes.flat_map(|scope| &scope.metrics).map(points).sum());
    }

    #[test]
    fn any_logs_request_is_sifted(request in telemetry::logs_request()) {
        let scopes = request.resource_logs.iter().flat_map(|group| &group.scope_logs);
        assert_sifts(Signal::Logs, &request, scopes.map(|scope| scope.log_records.len()).sum());
    }

    #[test]
    fn no_bytes_at_all_make_it_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
        for signal in Signal::ALL {
            let _either = check(signal, bytes.clone().into());
        }
    }
}
