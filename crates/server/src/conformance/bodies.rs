//! What is sent: small requests, and odd ones.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use mahavishnu_pipeline::Signal;
use opentelemetry_proto::tonic::{
    collector::{
        logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
        trace::v1::ExportTraceServiceRequest,
    },
    common::v1::{AnyValue, ArrayValue, KeyValue, KeyValueList, any_value::Value},
    logs::v1::{LogRecord, ResourceLogs, ScopeLogs},
    metrics::v1::{
        Exemplar, ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Histogram, HistogramDataPoint,
        Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, Summary, SummaryDataPoint, metric::Data,
        number_data_point,
    },
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span, span},
};
use prost::Message;

/// 2026-01-01, in nanoseconds.
const TIME: u64 = 1_767_225_600_000_000_000;

/// The service of everything that is sent.
pub(super) const SERVICE: &str = "otlp-conformance";

fn resource() -> Option<Resource> {
    Some(Resource { attributes: vec![string("service.name", SERVICE)], ..Resource::default() })
}

fn value(value: Value) -> Option<AnyValue> {
    Some(AnyValue { value: Some(value) })
}

fn string(key: &str, text: &str) -> KeyValue {
    attribute(key, value(Value::StringValue(text.to_owned())))
}

fn attribute(key: &str, value: Option<AnyValue>) -> KeyValue {
    KeyValue { key: key.to_owned(), value, ..KeyValue::default() }
}

/// A span with this id of a trace.
pub(super) fn span(trace_id: Vec<u8>) -> Span {
    Span {
        trace_id,
        span_id: vec![7; 8],
        name: "checked".to_owned(),
        kind: 1,
        start_time_unix_nano: TIME,
        end_time_unix_nano: TIME + 1_000_000,
        ..Span::default()
    }
}

/// A request of these spans.
pub(super) fn traces(spans: Vec<Span>) -> Vec<u8> {
    let scope_spans = vec![ScopeSpans { spans, ..ScopeSpans::default() }];
    let resource_spans =
        vec![ResourceSpans { resource: resource(), scope_spans, ..ResourceSpans::default() }];
    ExportTraceServiceRequest { resource_spans }.encode_to_vec()
}

fn metrics(metrics: Vec<Metric>) -> Vec<u8> {
    let scope_metrics = vec![ScopeMetrics { metrics, ..ScopeMetrics::default() }];
    let resource_metrics =
        vec![ResourceMetrics { resource: resource(), scope_metrics, ..ResourceMetrics::default() }];
    ExportMetricsServiceRequest { resource_metrics }.encode_to_vec()
}

fn logs(log_records: Vec<LogRecord>) -> Vec<u8> {
    let scope_logs = vec![ScopeLogs { log_records, ..ScopeLogs::default() }];
    let resource_logs = vec![ResourceLogs { resource: resource(), scope_logs, ..ResourceLogs::default() }];
    ExportLogsServiceRequest { resource_logs }.encode_to_vec()
}

/// An ordinary request of one record.
pub(super) fn ordinary(signal: Signal) -> Vec<u8> {
    match signal {
        Signal::Traces => traces(vec![span(vec![9; 16])]),
        Signal::Metrics => {
            metrics(vec![metric("checked", Data::Gauge(Gauge { data_points: vec![number(1)] }))])
        }
        Signal::Logs => logs(vec![LogRecord {
            time_unix_nano: TIME,
            severity_number: 9,
            body: value(Value::StringValue("checked".to_owned())),
            ..LogRecord::default()
        }]),
    }
}

fn metric(name: &str, data: Data) -> Metric {
    Metric { name: name.to_owned(), unit: "1".to_owned(), data: Some(data), ..Metric::default() }
}

fn number(number: i64) -> NumberDataPoint {
    NumberDataPoint {
        time_unix_nano: TIME,
        value: Some(number_data_point::Value::AsInt(number)),
        exemplars: vec![Exemplar {
            time_unix_nano: TIME,
            trace_id: vec![9; 16],
            span_id: vec![7; 8],
            ..Exemplar::default()
        }],
        ..NumberDataPoint::default()
    }
}

/// Every kind of metric, and a point without a recorded value.
pub(super) fn every_metric() -> Vec<u8> {
    let sum = |temporality, is_monotonic| {
        Data::Sum(Sum { data_points: vec![number(1)], aggregation_temporality: temporality, is_monotonic })
    };
    let histogram = HistogramDataPoint {
        time_unix_nano: TIME,
        count: 3,
        sum: Some(6.0),
        explicit_bounds: vec![1.0, 2.0],
        bucket_counts: vec![1, 1, 1],
        ..HistogramDataPoint::default()
    };
    let exponential = ExponentialHistogramDataPoint {
        time_unix_nano: TIME,
        count: 1,
        sum: Some(1.0),
        scale: 2,
        zero_count: 1,
        ..ExponentialHistogramDataPoint::default()
    };
    let nothing = NumberDataPoint { time_unix_nano: TIME, flags: 1, ..NumberDataPoint::default() };
    metrics(vec![
        metric("gauge", Data::Gauge(Gauge { data_points: vec![number(1), nothing] })),
        metric("sum.delta", sum(1, true)),
        metric("sum.cumulative", sum(2, true)),
        metric("sum.up.and.down", sum(2, false)),
        metric(
            "histogram",
            Data::Histogram(Histogram { data_points: vec![histogram], aggregation_temporality: 2 }),
        ),
        metric(
            "exponential",
            Data::ExponentialHistogram(ExponentialHistogram {
                data_points: vec![exponential],
                aggregation_temporality: 1,
            }),
        ),
        metric(
            "summary",
            Data::Summary(Summary {
                data_points: vec![SummaryDataPoint {
                    time_unix_nano: TIME,
                    count: 1,
                    sum: 1.0,
                    ..SummaryDataPoint::default()
                }],
            }),
        ),
    ])
}

/// A span with events, links, trace state and attributes of every kind.
pub(super) fn every_attribute() -> Vec<u8> {
    let one = |value: Value| AnyValue { value: Some(value) };
    let list = Value::ArrayValue(ArrayValue {
        values: vec![
            one(Value::IntValue(1)),
            one(Value::StringValue("two".to_owned())),
            AnyValue { value: None },
        ],
    });
    let attributes = vec![
        string("string", "text"),
        attribute("bool", value(Value::BoolValue(true))),
        attribute("int", value(Value::IntValue(i64::MIN))),
        attribute("double", value(Value::DoubleValue(0.1))),
        attribute("bytes", value(Value::BytesValue(vec![0, 255]))),
        attribute("list", value(list.clone())),
        attribute(
            "map",
            value(Value::KvlistValue(KeyValueList { values: vec![attribute("in", value(list))] })),
        ),
        attribute("empty", Some(AnyValue { value: None })),
    ];
    let event = span::Event { time_unix_nano: TIME, name: "event".to_owned(), ..span::Event::default() };
    let link = span::Link { trace_id: vec![8; 16], span_id: vec![8; 8], ..span::Link::default() };
    traces(vec![Span {
        trace_state: "vendor=value".to_owned(),
        attributes,
        events: vec![event],
        links: vec![link],
        dropped_attributes_count: 1,
        flags: 0x101,
        ..span(vec![9; 16])
    }])
}

/// One span that can be kept and one whose trace id has three bytes.
pub(super) fn one_good_one_bad() -> Vec<u8> {
    traces(vec![span(vec![9; 16]), span(vec![1; 3])])
}

/// A request that begins like one and is no protobuf.
pub(super) const MALFORMED: &[u8] = &[0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f];

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).unwrap_or_default()
}

pub(super) fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap_or_default()
}

/// A log record that is larger than the limit which the specification suggests, 64 MiB; small once compressed.
pub(super) fn too_large() -> Vec<u8> {
    let text = "0".repeat(65 * 1024 * 1024);
    let body = value(Value::StringValue(text));
    gzip(&logs(vec![LogRecord { time_unix_nano: TIME, body, ..LogRecord::default() }]))
}
