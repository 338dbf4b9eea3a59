//! What was recorded, as JSON, in the words of `../manifest.md`.

use anyhow::{Context, Result};
use base64::{Engine, engine::general_purpose::STANDARD};
use opentelemetry_proto::{
    tonic::{
        collector::metrics::v1::ExportMetricsServiceRequest,
        common::v1::{AnyValue, KeyValue, any_value},
        logs::v1::LogRecord,
        metrics::v1::{HistogramDataPoint, Metric, NumberDataPoint, metric::Data, number_data_point},
        trace::v1::Span,
    },
    transform::common::tonic::ResourceAttributesWithSchema,
};
use opentelemetry_sdk::{Resource, logs::SdkLogRecord, metrics::data::ResourceMetrics, trace::SpanData};
use serde_json::{Map, Value, json};

/// The whole manifest.
pub fn manifest(
    service: &str,
    resource: &Resource,
    spans: Vec<SpanData>,
    logs: &[SdkLogRecord],
    metrics: &[ResourceMetrics],
) -> Result<Value> {
    let metrics = metrics.first().context("no metrics were recorded")?;
    let request = ExportMetricsServiceRequest::from(metrics);
    let metrics = request.resource_metrics.iter().flat_map(|resource| &resource.scope_metrics);
    Ok(json!({
        "service": service,
        "resource": attributes(&ResourceAttributesWithSchema::from(resource).attributes.0),
        "scope": { "name": "interop.rust", "version": "1.2.3" },
        "spans": spans.into_iter().map(|span| span_json(&Span::from(span))).collect::<Vec<_>>(),
        "logs": logs.iter().map(log_json).collect::<Vec<_>>(),
        "metrics": metrics.flat_map(|scope| &scope.metrics).map(metric_json).collect::<Vec<_>>(),
    }))
}

fn span_json(span: &Span) -> Value {
    let status = span.status.as_ref();
    let events = span.events.iter().map(|event| {
        json!({
            "name": event.name,
            "time": event.time_unix_nano.to_string(),
            "attributes": attributes(&event.attributes),
        })
    });
    let links = span.links.iter().map(|link| {
        json!({
            "trace_id": id(&link.trace_id),
            "span_id": id(&link.span_id),
            "attributes": attributes(&link.attributes),
        })
    });
    json!({
        "trace_id": id(&span.trace_id),
        "span_id": id(&span.span_id),
        "parent_span_id": id(&span.parent_span_id),
        "name": span.name,
        "kind": span.kind,
        "status": status.map_or(0, |status| status.code),
        "status_message": status.and_then(|status| text(&status.message)),
        "start_time": span.start_time_unix_nano.to_string(),
        "end_time": span.end_time_unix_nano.to_string(),
        "attributes": attributes(&span.attributes),
        "events": events.collect::<Vec<_>>(),
        "links": links.collect::<Vec<_>>(),
    })
}

/// The trace's ids are taken from the record: the conversion leaves them to the exporter.
fn log_json(record: &SdkLogRecord) -> Value {
    let log = LogRecord::from(record);
    let time = if log.time_unix_nano == 0 { log.observed_time_unix_nano } else { log.time_unix_nano };
    let context = record.trace_context();
    json!({
        "time": time.to_string(),
        "trace_id": context.map(|context| context.trace_id.to_string()),
        "span_id": context.map(|context| context.span_id.to_string()),
        "severity_number": log.severity_number,
        "severity_text": text(&log.severity_text),
        "event_name": text(&log.event_name),
        "body": log.body.as_ref().map(value),
        "attributes": attributes(&log.attributes),
    })
}

fn metric_json(metric: &Metric) -> Value {
    let (kind, points, temporality, monotonic) = match &metric.data {
        Some(Data::Gauge(gauge)) => ("gauge", numbers(&gauge.data_points), None, None),
        Some(Data::Sum(sum)) => {
            ("sum", numbers(&sum.data_points), Some(sum.aggregation_temporality), Some(sum.is_monotonic))
        }
        Some(Data::Histogram(histogram)) => (
            "histogram",
            histogram.data_points.iter().map(histogram_json).collect(),
            Some(histogram.aggregation_temporality),
            None,
        ),
        _ => ("other", Vec::new(), None, None),
    };
    json!({
        "name": metric.name,
        "kind": kind,
        "unit": text(&metric.unit),
        "description": text(&metric.description),
        "temporality": temporality,
        "monotonic": monotonic,
        "points": points,
    })
}

fn numbers(points: &[NumberDataPoint]) -> Vec<Value> {
    let number = |point: &NumberDataPoint| match point.value {
        Some(number_data_point::Value::AsInt(int)) => json!(int),
        Some(number_data_point::Value::AsDouble(double)) => json!(double),
        None => Value::Null,
    };
    points
        .iter()
        .map(|point| json!({ "attributes": attributes(&point.attributes), "value": number(point) }))
        .collect()
}

fn histogram_json(point: &HistogramDataPoint) -> Value {
    json!({
        "attributes": attributes(&point.attributes),
        "count": point.count,
        "sum": point.sum,
        "min": point.min,
        "max": point.max,
        "bounds": point.explicit_bounds,
        "bucket_counts": point.bucket_counts,
    })
}

fn attributes(attributes: &[KeyValue]) -> Value {
    let entry =
        |attribute: &KeyValue| (attribute.key.clone(), attribute.value.as_ref().map_or(Value::Null, value));
    Value::Object(attributes.iter().map(entry).collect::<Map<_, _>>())
}

fn value(any: &AnyValue) -> Value {
    match &any.value {
        None => Value::Null,
        Some(any_value::Value::StringValue(text)) => json!(text),
        Some(any_value::Value::BoolValue(flag)) => json!(flag),
        Some(any_value::Value::IntValue(int)) => json!(int),
        Some(any_value::Value::DoubleValue(double)) if double.is_infinite() => {
            json!({ "$double": "Infinity" })
        }
        Some(any_value::Value::DoubleValue(double)) => json!(double),
        Some(any_value::Value::BytesValue(bytes)) => json!({ "$bytes": STANDARD.encode(bytes) }),
        Some(any_value::Value::ArrayValue(array)) => array.values.iter().map(value).collect(),
        Some(any_value::Value::KvlistValue(list)) => attributes(&list.values),
        Some(any_value::Value::StringValueStrindex(index)) => json!({ "$strindex": index }),
    }
}

fn id(bytes: &[u8]) -> Value {
    if bytes.is_empty() { Value::Null } else { json!(const_hex::encode(bytes)) }
}

fn text(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}
