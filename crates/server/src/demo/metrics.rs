//! Measurements as SDKs export them: per process, delta points every 30 seconds, exemplars pointing at traces.

use std::collections::BTreeMap;

use mahavishnu_pipeline::Signal;
use opentelemetry_proto::tonic::{
    collector::metrics::v1::ExportMetricsServiceRequest,
    metrics::v1::{
        AggregationTemporality, Exemplar, ExponentialHistogram, ExponentialHistogramDataPoint, Histogram,
        HistogramDataPoint, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, exemplar,
        exponential_histogram_data_point::Buckets, metric::Data, number_data_point,
    },
};
use prost::Message;

use super::{
    batches::Timed,
    measure::{Instrument, Measurement},
    services::{Instance, Origin, SCHEMA_URL},
};

/// A stretch of time that a point covers: after the first time, up to the second.
pub type Window = (u64, u64);

/// What a process exports for some windows: metrics and the libraries they come from, and how many points.
#[derive(Debug, Default)]
pub struct Exported {
    /// The metrics of each scope.
    pub scopes: BTreeMap<Origin, Vec<Metric>>,
    /// Points in all of them.
    pub points: usize,
}

/// Resolution of the exponential histogram: 2^4 buckets for each doubling.
const SCALE: i32 = 4;
/// Bounds in seconds, for work that takes up to a minute.
const SECONDS: [f64; 11] = [0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 7.5, 10.0, 15.0, 30.0, 60.0];
/// Bounds in tokens, as the semantic conventions advise.
const TOKENS: [f64; 8] = [1.0, 4.0, 16.0, 64.0, 256.0, 1_024.0, 4_096.0, 16_384.0];
/// Exemplars kept in a point.
const MAX_EXEMPLARS: usize = 2;

/// A series: an instrument and its labels.
type Series = (Origin, Instrument, Vec<(&'static str, String)>);

/// The points of one process in some windows.
pub fn aggregate(measurements: &[Measurement], instance: Instance, windows: &[Window]) -> Exported {
    let mut series: BTreeMap<Series, Vec<(Window, Vec<&Measurement>)>> = BTreeMap::new();
    for window in windows {
        let inside = |at: u64| at > window.0 && at <= window.1;
        for measured in
            measurements.iter().filter(|measured| measured.instance == instance && inside(measured.at))
        {
            let key = (measured.origin, measured.instrument, measured.labels.clone());
            let points = series.entry(key).or_default();
            match points.last_mut() {
                Some((last, values)) if last == window => values.push(measured),
                _ => points.push((*window, vec![measured])),
            }
        }
    }
    let mut metrics: BTreeMap<(Origin, Instrument), Metric> = BTreeMap::new();
    let mut points = 0;
    for ((origin, instrument, labels), measured) in series {
        points += measured.len();
        let metric = metrics.entry((origin, instrument)).or_insert_with(|| empty(instrument));
        for (window, values) in measured {
            add(metric, instrument, &labels, window, &values);
        }
    }
    let mut scopes: BTreeMap<Origin, Vec<Metric>> = BTreeMap::new();
    for ((origin, _), metric) in metrics {
        scopes.entry(origin).or_default().push(metric);
    }
    Exported { scopes, points }
}

/// The request for what a process exports.
pub fn request(instance: Instance, exported: Exported, at: u64) -> Timed {
    let scope_metrics = exported.scopes.into_iter().map(|(origin, metrics)| ScopeMetrics {
        scope: Some(origin.scope()),
        metrics,
        schema_url: SCHEMA_URL.to_owned(),
    });
    let resource_metrics = vec![ResourceMetrics {
        resource: Some(instance.resource()),
        scope_metrics: scope_metrics.collect(),
        schema_url: SCHEMA_URL.to_owned(),
    }];
    (at, Signal::Metrics, ExportMetricsServiceRequest { resource_metrics }.encode_to_vec().into())
}

/// A metric.
pub fn metric(name: &str, description: &str, unit: &str, data: Data) -> Metric {
    Metric {
        name: name.to_owned(),
        description: description.to_owned(),
        unit: unit.to_owned(),
        data: Some(data),
        ..Metric::default()
    }
}

/// The metric of an instrument, without points.
fn empty(instrument: Instrument) -> Metric {
    let aggregation_temporality = AggregationTemporality::Delta.into();
    let sum = Data::Sum(Sum { aggregation_temporality, is_monotonic: true, data_points: Vec::new() });
    let histogram = Data::Histogram(Histogram { aggregation_temporality, data_points: Vec::new() });
    let (name, description, unit, data) = match instrument {
        Instrument::WorkflowsExecuted => {
            ("mahavishnu.workflows.executed", "Workflows that ended", "{workflow}", sum)
        }
        Instrument::RepositoriesProcessed => {
            ("mahavishnu.repositories.processed", "Repositories processed", "{repository}", sum)
        }
        Instrument::Errors => ("mahavishnu.errors.count", "Workflows that failed", "{error}", sum),
        Instrument::WorkflowDuration => {
            ("mahavishnu.workflow.duration", "Duration of workflows", "s", histogram)
        }
        Instrument::RepositoryDuration => {
            ("mahavishnu.repo.processing.duration", "Duration of the work on a repository", "s", histogram)
        }
        Instrument::HttpServerDuration => (
            "http.server.request.duration",
            "Duration of HTTP server requests",
            "s",
            Data::ExponentialHistogram(ExponentialHistogram {
                aggregation_temporality,
                data_points: Vec::new(),
            }),
        ),
        Instrument::TokenUsage => {
            ("gen_ai.client.token.usage", "Number of input and output tokens used", "{token}", histogram)
        }
    };
    metric(name, description, unit, data)
}

/// Adds the point of one window.
fn add(
    metric: &mut Metric,
    instrument: Instrument,
    labels: &[(&'static str, String)],
    window: Window,
    measured: &[&Measurement],
) {
    let attributes = Measurement::attributes(labels);
    match metric.data.as_mut() {
        Some(Data::Sum(sum)) => sum.data_points.push(NumberDataPoint {
            attributes,
            start_time_unix_nano: window.0,
            time_unix_nano: window.1,
            value: Some(number_data_point::Value::AsInt(measured.len() as i64)),
            ..NumberDataPoint::default()
        }),
        Some(Data::Histogram(histogram)) => {
            let bounds: &[f64] = if instrument == Instrument::TokenUsage { &TOKENS } else { &SECONDS };
            let point = histogram_point(bounds, window, measured);
            histogram.data_points.push(HistogramDataPoint { attributes, ..point });
        }
        Some(Data::ExponentialHistogram(histogram)) => {
            let point = exponential_point(window, measured);
            histogram.data_points.push(ExponentialHistogramDataPoint { attributes, ..point });
        }
        _ => {}
    }
}

fn histogram_point(bounds: &[f64], window: Window, measured: &[&Measurement]) -> HistogramDataPoint {
    let mut bucket_counts = vec![0; bounds.len() + 1];
    for one in measured {
        bucket_counts[bounds.partition_point(|bound| *bound < one.value)] += 1;
    }
    HistogramDataPoint {
        start_time_unix_nano: window.0,
        time_unix_nano: window.1,
        count: measured.len() as u64,
        sum: Some(measured.iter().map(|one| one.value).sum()),
        min: measured.iter().map(|one| one.value).reduce(f64::min),
        max: measured.iter().map(|one| one.value).reduce(f64::max),
        bucket_counts,
        explicit_bounds: bounds.to_vec(),
        exemplars: exemplars(measured),
        ..HistogramDataPoint::default()
    }
}

fn exponential_point(window: Window, measured: &[&Measurement]) -> ExponentialHistogramDataPoint {
    let index = |value: f64| (value.log2() * f64::from(1 << SCALE)).ceil() as i32 - 1;
    let indices: Vec<i32> = measured.iter().map(|one| index(one.value)).collect();
    let offset = indices.iter().copied().min().unwrap_or_default();
    let last = indices.iter().copied().max().unwrap_or_default();
    let mut bucket_counts = vec![0; (last - offset) as usize + 1];
    for index in indices {
        bucket_counts[(index - offset) as usize] += 1;
    }
    ExponentialHistogramDataPoint {
        start_time_unix_nano: window.0,
        time_unix_nano: window.1,
        count: measured.len() as u64,
        sum: Some(measured.iter().map(|one| one.value).sum()),
        min: measured.iter().map(|one| one.value).reduce(f64::min),
        max: measured.iter().map(|one| one.value).reduce(f64::max),
        scale: SCALE,
        positive: Some(Buckets { offset, bucket_counts }),
        exemplars: exemplars(measured),
        ..ExponentialHistogramDataPoint::default()
    }
}

fn exemplars(measured: &[&Measurement]) -> Vec<Exemplar> {
    let exemplar = |one: &&Measurement| Exemplar {
        time_unix_nano: one.at,
        trace_id: one.trace_id.clone(),
        span_id: one.span_id.clone(),
        value: Some(exemplar::Value::AsDouble(one.value)),
        ..Exemplar::default()
    };
    measured.iter().take(MAX_EXEMPLARS).map(exemplar).collect()
}
