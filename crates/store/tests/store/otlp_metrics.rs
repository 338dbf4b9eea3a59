//! Data points that were sent and read back, in the form of `otlp`.

use mahavishnu_store::{
    attributes::value_from_json,
    query::{MetricPoint, Number},
};
use opentelemetry_proto::tonic::{
    collector::metrics::v1::ExportMetricsServiceRequest,
    common::v1::any_value::Value as Any,
    metrics::v1::{
        Exemplar, ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Histogram, HistogramDataPoint,
        Metric, NumberDataPoint, Sum, Summary, SummaryDataPoint, exemplar,
        exponential_histogram_data_point::Buckets, metric::Data, number_data_point::Value,
        summary_data_point::ValueAtQuantile,
    },
};
use serde_json::Value as Json;

use crate::otlp::{attributes, items, number, original, sent_source, sort, stored_source};

/// Every data point of a request, each as a metric of its own.
pub fn sent_points(request: &ExportMetricsServiceRequest) -> Vec<String> {
    let mut all = Vec::new();
    for group in &request.resource_metrics {
        for scope in &group.scope_metrics {
            let source = sent_source(
                group.resource.as_ref(),
                &group.schema_url,
                scope.scope.as_ref(),
                &scope.schema_url,
            );
            for metric in &scope.metrics {
                all.extend(single(metric).iter().map(|metric| format!("{source} {metric:?}")));
            }
        }
    }
    all.sort();
    all
}

/// A metric per point, attributes sorted.
fn single(metric: &Metric) -> Vec<Metric> {
    let mut base = metric.clone();
    sort(&mut base.metadata);
    let with = |data| Metric { data: Some(data), ..base.clone() };
    match metric.data.as_ref() {
        None => Vec::new(),
        Some(Data::Gauge(gauge)) => numbers(&gauge.data_points)
            .map(|point| with(Data::Gauge(Gauge { data_points: vec![point] })))
            .collect(),
        Some(Data::Sum(sum)) => numbers(&sum.data_points)
            .map(|point| with(Data::Sum(Sum { data_points: vec![point], ..sum.clone() })))
            .collect(),
        Some(Data::Histogram(histogram)) => {
            let points = histogram.data_points.iter().cloned().map(|mut point| {
                sort(&mut point.attributes);
                sort_exemplars(&mut point.exemplars);
                with(Data::Histogram(Histogram { data_points: vec![point], ..histogram.clone() }))
            });
            points.collect()
        }
        Some(Data::ExponentialHistogram(histogram)) => {
            let points = histogram.data_points.iter().cloned().map(|mut point| {
                sort(&mut point.attributes);
                sort_exemplars(&mut point.exemplars);
                let data_points = vec![point];
                with(Data::ExponentialHistogram(ExponentialHistogram { data_points, ..histogram.clone() }))
            });
            points.collect()
        }
        Some(Data::Summary(summary)) => {
            let points = summary.data_points.iter().cloned().map(|mut point| {
                sort(&mut point.attributes);
                with(Data::Summary(Summary { data_points: vec![point] }))
            });
            points.collect()
        }
    }
}

fn numbers(points: &[NumberDataPoint]) -> impl Iterator<Item = NumberDataPoint> {
    points.iter().cloned().map(|mut point| {
        sort(&mut point.attributes);
        sort_exemplars(&mut point.exemplars);
        point
    })
}

fn sort_exemplars(exemplars: &mut [Exemplar]) {
    exemplars.iter_mut().for_each(|exemplar| sort(&mut exemplar.filtered_attributes));
}

/// A data point that was read back.
pub fn stored_point(point: &MetricPoint) -> String {
    let metric = Metric {
        name: original(&point.extra, "name", &point.name),
        description: original(&point.extra, "description", point.description.as_deref().unwrap_or_default()),
        unit: original(&point.extra, "unit", point.unit.as_deref().unwrap_or_default()),
        metadata: point.extra.get("metadata").map(attributes).unwrap_or_default(),
        data: Some(data(point)),
    };
    format!("{} {metric:?}", stored_source(&point.resource, &point.scope))
}

fn data(point: &MetricPoint) -> Data {
    let aggregation_temporality =
        number(&point.extra, "temporality").or(point.temporality).unwrap_or_default();
    let exemplars: Vec<Exemplar> = items(&point.exemplars).iter().map(exemplar).collect();
    match point.kind.as_str() {
        "gauge" => Data::Gauge(Gauge { data_points: vec![number_point(point, exemplars)] }),
        "sum" => Data::Sum(Sum {
            data_points: vec![number_point(point, exemplars)],
            aggregation_temporality,
            is_monotonic: point.monotonic.expect("a sum says whether it is monotonic"),
        }),
        "histogram" => Data::Histogram(Histogram {
            data_points: vec![HistogramDataPoint {
                attributes: attributes(&point.attributes),
                start_time_unix_nano: point.start_time.map_or(0, |time| time.0),
                time_unix_nano: point.time.0,
                count: point.count.expect("a count"),
                sum: point.sum,
                bucket_counts: point.bucket_counts.clone().unwrap_or_default(),
                explicit_bounds: point.bounds.clone().unwrap_or_default(),
                exemplars,
                flags: point.flags,
                min: point.min,
                max: point.max,
            }],
            aggregation_temporality,
        }),
        "exponential_histogram" => Data::ExponentialHistogram(ExponentialHistogram {
            data_points: vec![exponential(point, exemplars)],
            aggregation_temporality,
        }),
        "summary" => Data::Summary(Summary { data_points: vec![summary(point)] }),
        other => panic!("unknown kind {other}"),
    }
}

fn number_point(point: &MetricPoint, exemplars: Vec<Exemplar>) -> NumberDataPoint {
    NumberDataPoint {
        attributes: attributes(&point.attributes),
        start_time_unix_nano: point.start_time.map_or(0, |time| time.0),
        time_unix_nano: point.time.0,
        exemplars,
        flags: point.flags,
        value: point.value.map(|value| match value {
            Number::Int(int) => Value::AsInt(int),
            Number::Double(double) => Value::AsDouble(double),
        }),
    }
}

fn exponential(point: &MetricPoint, exemplars: Vec<Exemplar>) -> ExponentialHistogramDataPoint {
    ExponentialHistogramDataPoint {
        attributes: attributes(&point.attributes),
        start_time_unix_nano: point.start_time.map_or(0, |time| time.0),
        time_unix_nano: point.time.0,
        count: point.count.expect("a count"),
        sum: point.sum,
        scale: number(&point.detail, "scale").expect("a scale"),
        zero_count: point.detail["zero_count"].as_u64().expect("a count"),
        positive: point.detail.get("positive").map(buckets),
        negative: point.detail.get("negative").map(buckets),
        flags: point.flags,
        exemplars,
        min: point.min,
        max: point.max,
        zero_threshold: double(&point.detail["zero_threshold"]),
    }
}

fn summary(point: &MetricPoint) -> SummaryDataPoint {
    SummaryDataPoint {
        attributes: attributes(&point.attributes),
        start_time_unix_nano: point.start_time.map_or(0, |time| time.0),
        time_unix_nano: point.time.0,
        count: point.count.expect("a count"),
        sum: point.sum.expect("a sum"),
        quantile_values: items(&point.detail["quantiles"])
            .iter()
            .map(|pair| ValueAtQuantile { quantile: double(&pair[0]), value: double(&pair[1]) })
            .collect(),
        flags: point.flags,
    }
}

fn buckets(json: &Json) -> Buckets {
    Buckets {
        offset: number(json, "offset").expect("an offset"),
        bucket_counts: items(&json["bucket_counts"])
            .iter()
            .map(|count| count.as_u64().expect("a count"))
            .collect(),
    }
}

fn double(json: &Json) -> f64 {
    match value_from_json(json).value {
        Some(Any::DoubleValue(double)) => double,
        other => panic!("not a double: {other:?}"),
    }
}

fn exemplar(json: &Json) -> Exemplar {
    let id = |field: &str| {
        json.get(field)
            .map(|id| const_hex::decode(id.as_str().expect("text")).expect("hex"))
            .unwrap_or_default()
    };
    Exemplar {
        filtered_attributes: json.get("attributes").map(attributes).unwrap_or_default(),
        time_unix_nano: json["time"].as_u64().expect("a time"),
        span_id: id("span_id"),
        trace_id: id("trace_id"),
        value: json.get("value").map(|value| match value_from_json(value).value {
            Some(Any::IntValue(int)) => exemplar::Value::AsInt(int),
            Some(Any::DoubleValue(double)) => exemplar::Value::AsDouble(double),
            other => panic!("not a number: {other:?}"),
        }),
    }
}
