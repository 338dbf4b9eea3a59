//! What the store promises of metrics over time, on both engines.

use anyhow::Result;
use mahavishnu_pipeline::{Batch, Exporter, Signal, check::check};
use mahavishnu_store::{
    QueryService, StoreError, UnixNanos,
    query::{Aggregate, MetricSeries, SeriesFilter},
};
use opentelemetry_proto::tonic::{
    collector::metrics::v1::ExportMetricsServiceRequest,
    metrics::v1::{
        Exemplar, ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Histogram, HistogramDataPoint,
        Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, exemplar,
        exponential_histogram_data_point::Buckets, metric::Data, number_data_point::Value,
    },
};
use prost::Message;
use rstest::rstest;

use crate::{
    engine::Engine,
    records::{NOW, SECOND, attribute, exporter, resource},
};

const CUMULATIVE: i32 = 2;
const DELTA: i32 = 1;
const MINUTE: u64 = 60 * SECOND;

fn metric(service: &str, name: &str, data: Data) -> Batch {
    let metrics =
        vec![Metric { name: name.to_owned(), unit: "s".to_owned(), data: Some(data), ..Default::default() }];
    let request = ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            resource: resource(service),
            scope_metrics: vec![ScopeMetrics { metrics, ..Default::default() }],
            ..Default::default()
        }],
    };
    check(Signal::Metrics, request.encode_to_vec().into()).expect("well formed").batch
}

fn number(time: u64, value: f64) -> NumberDataPoint {
    NumberDataPoint { time_unix_nano: time, value: Some(Value::AsDouble(value)), ..Default::default() }
}

/// A gauge with a point at each of these times; their values count up.
pub fn gauge(name: &str, times: &[u64]) -> Batch {
    let points = times.iter().enumerate().map(|(index, time)| number(*time, index as f64));
    metric("shop", name, Data::Gauge(Gauge { data_points: points.collect() }))
}

fn asked(name: &str, minutes: u64, aggregate: Aggregate) -> SeriesFilter {
    SeriesFilter {
        name: name.to_owned(),
        service: None,
        since: UnixNanos(NOW),
        until: UnixNanos(NOW + minutes * MINUTE),
        step_ms: Some(60_000),
        aggregate: Some(aggregate),
        group_by: None,
        labels: serde_json::Map::new(),
    }
}

fn values(answer: &MetricSeries) -> Vec<Option<f64>> {
    let rounded = |value: f64| (value * 1000.0).round() / 1000.0;
    answer
        .series
        .first()
        .map(|series| series.values.iter().map(|it| it.map(rounded)).collect())
        .unwrap_or_default()
}

#[rstest]
#[case::embedded(Engine::Embedded)]
#[case::server(Engine::Server)]
#[tokio::test]
async fn the_rate_of_a_counter_survives_its_resets(#[case] engine: Engine) -> Result<()> {
    let Some(database) = engine.open().await? else { return Ok(()) };
    // 60 a minute, then a new process that counts 30 in its first minute, then one that says no start and falls back.
    let point = |minute: u64, start: u64, value: f64| NumberDataPoint {
        start_time_unix_nano: start,
        attributes: vec![attribute("route", "/pay")],
        ..number(NOW + minute * MINUTE, value)
    };
    let old = NOW - 3600 * SECOND;
    let points = vec![
        point(0, old, 1000.0),
        point(1, old, 1060.0),
        point(2, old, 1120.0),
        point(3, NOW + 2 * MINUTE, 30.0),
        point(4, NOW + 2 * MINUTE, 90.0),
        point(5, NOW + 2 * MINUTE, 6.0),
    ];
    let data = Sum { data_points: points, aggregation_temporality: CUMULATIVE, is_monotonic: true };
    exporter(database.store()).export(&[metric("shop", "requests", Data::Sum(data))]).await?;
    let query = QueryService::new(database.store().clone());
    let rate = query.metric_series(&asked("requests", 6, Aggregate::Rate)).await?;
    assert_eq!(values(&rate), [Some(1.0), Some(1.0), Some(0.5), Some(1.0), Some(0.1), None]);
    assert_eq!((rate.kind.as_str(), rate.unit.as_deref(), rate.complete), ("sum", Some("s"), true));
    let sum = query.metric_series(&asked("requests", 6, Aggregate::Sum)).await?;
    assert_eq!(values(&sum), [Some(60.0), Some(60.0), Some(30.0), Some(60.0), Some(6.0), None]);
    let percentile = query.metric_series(&asked("requests", 5, Aggregate::P95)).await;
    assert!(matches!(percentile, Err(StoreError::InvalidArgument(reason)) if reason.contains("rate")));

    // Points twice as far apart as a step is long: what came is spread over both.
    let half = SeriesFilter { step_ms: Some(30_000), ..asked("requests", 2, Aggregate::Rate) };
    assert_eq!(values(&query.metric_series(&half).await?), [1.0, 1.0, 1.0, 1.0].map(Some));
    // Nobody says how long a step is: it has no gaps.
    let by_itself = SeriesFilter { step_ms: None, ..asked("requests", 6, Aggregate::Rate) };
    assert_eq!(query.metric_series(&by_itself).await?.step_ms, 60_000);
    database.close().await
}

#[rstest]
#[case::embedded(Engine::Embedded)]
#[case::server(Engine::Server)]
#[tokio::test]
async fn gauges_are_grouped_by_a_label_and_levels_are_no_rates(#[case] engine: Engine) -> Result<()> {
    let Some(database) = engine.open().await? else { return Ok(()) };
    let point = |disk: &str, second: u64, value: f64| NumberDataPoint {
        attributes: vec![attribute("disk", disk)],
        ..number(NOW + second * SECOND, value)
    };
    let data_points =
        vec![point("a", 0, 1.0), point("a", 30, 3.0), point("b", 10, 10.0), point("b", 70, 20.0)];
    exporter(database.store()).export(&[metric("host", "used", Data::Gauge(Gauge { data_points }))]).await?;
    let query = QueryService::new(database.store().clone());
    let all = asked("used", 2, Aggregate::Sum);
    assert_eq!(values(&query.metric_series(&all).await?), [Some(12.0), Some(20.0)]);
    let grouped = SeriesFilter { group_by: Some("disk".to_owned()), ..asked("used", 2, Aggregate::Avg) };
    let answer = query.metric_series(&grouped).await?;
    let lines: Vec<_> =
        answer.series.iter().map(|one| (one.labels["disk"].clone(), one.values.clone())).collect();
    assert_eq!(lines, [("b".into(), vec![Some(10.0), Some(20.0)]), ("a".into(), vec![Some(2.0), None])]);
    assert_eq!(answer.labels, ["disk"]);
    let mut of_a = asked("used", 2, Aggregate::Max);
    of_a.labels.insert("disk".to_owned(), "a".into());
    assert_eq!(values(&query.metric_series(&of_a).await?), [Some(3.0), None]);
    assert_eq!(
        values(&query.metric_series(&asked("used", 2, Aggregate::P50)).await?),
        [Some(3.0), Some(20.0)]
    );
    assert!(query.metric_series(&asked("used", 2, Aggregate::Rate)).await.is_err());
    assert!(query.metric_series(&asked("nothing", 2, Aggregate::Avg)).await?.series.is_empty());
    database.close().await
}

#[rstest]
#[case::embedded(Engine::Embedded)]
#[case::server(Engine::Server)]
#[tokio::test]
async fn percentiles_come_from_buckets_of_both_kinds_of_histogram(#[case] engine: Engine) -> Result<()> {
    let Some(database) = engine.open().await? else { return Ok(()) };
    let exemplar = Exemplar {
        time_unix_nano: NOW + SECOND,
        trace_id: vec![7; 16],
        span_id: vec![8; 8],
        value: Some(exemplar::Value::AsDouble(17.0)),
        ..Default::default()
    };
    let point = |minute: u64, counts: [u64; 3], sum: f64| HistogramDataPoint {
        start_time_unix_nano: NOW - MINUTE,
        time_unix_nano: NOW + minute * MINUTE,
        count: counts.iter().sum(),
        sum: Some(sum),
        explicit_bounds: vec![10.0, 20.0],
        bucket_counts: counts.to_vec(),
        exemplars: vec![exemplar.clone()],
        ..Default::default()
    };
    // In the second minute 10 came, all between 10 and 20.
    let data_points = vec![point(0, [100, 0, 0], 500.0), point(1, [100, 10, 0], 650.0)];
    let explicit = Histogram { data_points, aggregation_temporality: CUMULATIVE };
    let exponential = ExponentialHistogramDataPoint {
        start_time_unix_nano: NOW,
        time_unix_nano: NOW + 30 * SECOND,
        count: 4,
        sum: Some(48.0),
        scale: 0,
        positive: Some(Buckets { offset: 3, bucket_counts: vec![4] }),
        ..Default::default()
    };
    let exponential = ExponentialHistogram { data_points: vec![exponential], aggregation_temporality: DELTA };
    exporter(database.store())
        .export(&[
            metric("shop", "duration", Data::Histogram(explicit)),
            metric("shop", "size", Data::ExponentialHistogram(exponential)),
        ])
        .await?;
    let query = QueryService::new(database.store().clone());
    let answer = query.metric_series(&asked("duration", 2, Aggregate::P50)).await?;
    assert_eq!(values(&answer), [Some(15.0), None]);
    assert_eq!(answer.exemplars[0].trace_id, "07".repeat(16));
    assert!((answer.exemplars[0].value - 17.0).abs() < f64::EPSILON);
    let avg = query.metric_series(&asked("duration", 2, Aggregate::Avg)).await?;
    assert_eq!(values(&avg), [Some(15.0), None]);
    assert_eq!(
        values(&query.metric_series(&asked("duration", 2, Aggregate::Count)).await?),
        [Some(10.0), None]
    );
    assert_eq!(values(&query.metric_series(&asked("size", 1, Aggregate::P50)).await?), [Some(12.0)]);
    assert_eq!(values(&query.metric_series(&asked("size", 1, Aggregate::Rate)).await?), [Some(0.133)]);
    database.close().await
}
