//! Data points of a counter, a gauge and a histogram, for a few series each.

use opentelemetry_proto::tonic::{
    collector::metrics::v1::ExportMetricsServiceRequest,
    common::v1::KeyValue,
    metrics::v1::{
        AggregationTemporality, Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint,
        ResourceMetrics, ScopeMetrics, Sum, metric::Data, number_data_point::Value,
    },
};
use prost::Message;

use super::{
    random::{int, mix, resource, scope, text},
    template::Marks,
};

/// Nanoseconds from one point to the next of a series.
const STEP: u64 = 1_000_000;

/// Series of each metric.
const ROUTES: [&str; 8] =
    ["/cart", "/cart/items", "/orders", "/orders/{id}", "/pay", "/refund", "/stock", "/health"];

const BOUNDS: [f64; 7] = [5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 1000.0];

const DELTA: i32 = AggregationTemporality::Delta as i32;

pub fn request(run: &str, seed: u64, records: u64, marks: &mut Marks) -> Vec<u8> {
    let (mut counts, mut loads, mut times) = (Vec::new(), Vec::new(), Vec::new());
    for index in 0..records {
        let mixed = mix(seed ^ index << 32);
        match index % 3 {
            0 => counts.push(number(index, Value::AsInt((mixed % 100).cast_signed()), marks)),
            1 => loads.push(number(index, Value::AsDouble((mixed % 1000) as f64 / 1000.0), marks)),
            _ => times.push(histogram(index, mixed, marks)),
        }
    }
    let metric = |name: &str, unit: &str, data| Metric {
        name: name.to_owned(),
        unit: unit.to_owned(),
        data: Some(data),
        ..Metric::default()
    };
    let sum = Sum { data_points: counts, aggregation_temporality: DELTA, is_monotonic: true };
    let durations = Histogram { data_points: times, aggregation_temporality: DELTA };
    let metrics = vec![
        metric("http.server.requests", "{request}", Data::Sum(sum)),
        metric("process.cpu.utilization", "1", Data::Gauge(Gauge { data_points: loads })),
        metric("http.server.request.duration", "ms", Data::Histogram(durations)),
    ];
    let scope_metrics = vec![ScopeMetrics { scope: Some(scope()), metrics, ..ScopeMetrics::default() }];
    let group =
        ResourceMetrics { resource: Some(resource(run, seed)), scope_metrics, ..ResourceMetrics::default() };
    ExportMetricsServiceRequest { resource_metrics: vec![group] }.encode_to_vec()
}

fn attributes(index: u64) -> Vec<KeyValue> {
    let route = ROUTES[(index / 3 % ROUTES.len() as u64) as usize];
    vec![text("http.route", route), text("http.request.method", "GET"), int("http.response.status_code", 200)]
}

fn number(index: u64, value: Value, marks: &mut Marks) -> NumberDataPoint {
    NumberDataPoint {
        attributes: attributes(index),
        start_time_unix_nano: marks.time(index * STEP),
        time_unix_nano: marks.time((index + 1) * STEP),
        value: Some(value),
        ..NumberDataPoint::default()
    }
}

fn histogram(index: u64, mixed: u64, marks: &mut Marks) -> HistogramDataPoint {
    let bucket_counts: Vec<u64> =
        (0..=BOUNDS.len() as u64).map(|bucket| mixed >> (8 * bucket) & 15).collect();
    HistogramDataPoint {
        attributes: attributes(index),
        start_time_unix_nano: marks.time(index * STEP),
        time_unix_nano: marks.time((index + 1) * STEP),
        count: bucket_counts.iter().sum(),
        sum: Some((mixed % 10_000) as f64),
        bucket_counts,
        explicit_bounds: BOUNDS.to_vec(),
        ..HistogramDataPoint::default()
    }
}
