//! What becomes of log entries and metrics, in the words of the contract.

use std::time::{Duration, UNIX_EPOCH};

use opentelemetry_proto::tonic::{
    common::v1::{KeyValue, any_value::Value},
    metrics::v1::{AggregationTemporality, metric::Data, number_data_point},
};

use super::*;

fn entry(level: LogLevel) -> LogEntry {
    LogEntry {
        timestamp: UNIX_EPOCH + Duration::from_nanos(1_700_000_000_123_456_789),
        level,
        message: "repository swept".to_owned(),
        attributes: vec![("repo".into(), "demo".into()), ("files".into(), 12.into())],
        trace_id: None,
    }
}

fn text(attributes: &[KeyValue], key: &str) -> Option<String> {
    let value = attributes.iter().find(|attribute| attribute.key == key)?.value.clone()?.value?;
    match value {
        Value::StringValue(text) => Some(text),
        _ => None,
    }
}

#[test]
fn test_convert_log_to_otel_success() {
    let record = entry(LogLevel::Info).to_otel();
    assert_eq!(
        (record.name.as_str(), record.kind, record.status, record.service, record.operation.as_str()),
        ("log_entry", "INTERNAL", "OK", "mahavishnu", "log_info")
    );
    assert_eq!((record.trace_id, record.span_id, record.duration_ms), (None, None, 0.0));
    assert_eq!((record.start_time, record.end_time), (entry(LogLevel::Info).timestamp, record.start_time));
    let expected: Attributes = vec![
        ("repo".into(), "demo".into()),
        ("files".into(), 12.into()),
        ("log.level".into(), "INFO".into()),
        ("log.message".into(), "repository swept".into()),
    ];
    assert_eq!(record.attributes, expected);

    let levels = [
        (LogLevel::Debug, 5, "OK", "log_debug"),
        (LogLevel::Info, 9, "OK", "log_info"),
        (LogLevel::Warning, 13, "OK", "log_warning"),
        (LogLevel::Error, 17, "ERROR", "log_error"),
        (LogLevel::Critical, 21, "ERROR", "log_critical"),
    ];
    for (level, severity, status, operation) in levels {
        let record = entry(level).to_otel();
        assert_eq!((record.status, record.operation.as_str()), (status, operation));
        let wire = entry(level).to_log_record();
        assert_eq!((wire.severity_number, wire.severity_text.as_str()), (severity, level.name()));
        assert_eq!(wire.time_unix_nano, 1_700_000_000_123_456_789);
    }
}

#[test]
fn test_convert_log_with_trace_id() {
    let with = |trace_id: &str| LogEntry { trace_id: Some(trace_id.to_owned()), ..entry(LogLevel::Info) };
    assert_eq!(with("trace-xyz").to_otel().trace_id.as_deref(), Some("trace-xyz"));

    let hex = "4bf92f3577b34da6a3ce929d0e0e4736";
    let wire = with(hex).to_log_record();
    assert_eq!(const_hex::encode(&wire.trace_id), hex);
    assert_eq!(text(&wire.attributes, TRACE_ID_ATTRIBUTE), None);

    // Written down, because what was stored under it must be found by every later version.
    let wire = with("trace-xyz").to_log_record();
    assert_eq!(const_hex::encode(&wire.trace_id), "cd897d5cecf74fab199bb3b1692d32ce");
    assert_eq!(text(&wire.attributes, TRACE_ID_ATTRIBUTE).as_deref(), Some("trace-xyz"));

    for name in ["00000000000000000000000000000000", "0x4bf92f3577b34da6a3ce929d0e0e47", &hex[1..]] {
        let wire = with(name).to_log_record();
        assert_eq!((wire.trace_id.len(), wire.trace_id == [0; 16]), (16, false), "{name}");
        assert_eq!(text(&wire.attributes, TRACE_ID_ATTRIBUTE).as_deref(), Some(name));
    }
    assert!(with("").to_log_record().trace_id.is_empty(), "no name is no trace");
}

#[test]
fn test_convert_metric_to_otel_success() {
    let now = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let metric = Metric::new("mahavishnu.errors.count", 2.0, Vec::new()).to_otel(now);
    let expected = OtelMetric {
        name: "mahavishnu.errors.count".into(),
        kind: MetricKind::Counter,
        value: 2.0,
        unit: None,
        attributes: Vec::new(),
        timestamp: now,
    };
    assert_eq!(metric, expected);

    let Some(Data::Sum(sum)) = metric.to_metric().data else { panic!("a counter is a sum") };
    assert!(sum.is_monotonic);
    assert_eq!(sum.aggregation_temporality, i32::from(AggregationTemporality::Delta));
    assert_eq!(sum.data_points[0].value, Some(number_data_point::Value::AsDouble(2.0)));
    assert_eq!(sum.data_points[0].time_unix_nano, 1_700_000_000_000_000_000);

    let of_kind = |kind| OtelMetric { kind, ..metric.clone() }.to_metric().data;
    assert!(matches!(of_kind(MetricKind::Gauge), Some(Data::Gauge(gauge)) if gauge.data_points.len() == 1));
    let Some(Data::Histogram(histogram)) = of_kind(MetricKind::Histogram) else { panic!("a histogram") };
    assert_eq!((histogram.data_points[0].count, histogram.data_points[0].sum), (1, Some(2.0)));
}

#[test]
fn test_convert_metric_attributes() {
    let labels: Attributes = vec![
        ("adapter".into(), "prefect".into()),
        ("retried".into(), true.into()),
        ("attempt".into(), 3.into()),
        ("share".into(), 0.5.into()),
        ("repo".into(), String::from("demo").into()),
    ];
    let metric = Metric::new("mahavishnu.workflows.executed", 1.0, labels.clone()).to_otel(UNIX_EPOCH);
    assert_eq!(metric.attributes, labels);
    let Some(Data::Sum(sum)) = metric.to_metric().data else { panic!("a counter is a sum") };
    let values: Vec<Option<Value>> = sum.data_points[0]
        .attributes
        .iter()
        .map(|attribute| attribute.value.clone().and_then(|value| value.value))
        .collect();
    let expected = [
        Value::StringValue("prefect".to_owned()),
        Value::BoolValue(true),
        Value::IntValue(3),
        Value::DoubleValue(0.5),
        Value::StringValue("demo".to_owned()),
    ];
    assert_eq!(values, expected.map(Some));
}
