//! A metric over time.

use mahavishnu_store::query;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::Instant;

/// A metric over time, in steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MetricSeries {
    pub name: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub unit: Option<String>,
    pub step_ms: u64,
    /// Where the first step begins.
    pub start: Instant,
    /// What is said of each step.
    pub aggregate: String,
    /// One for each group, those with the largest numbers first.
    pub series: Vec<Series>,
    /// Groups that are not here: ask for fewer with `where`.
    pub left_out: u64,
    /// The latest measurements of which the trace is known.
    pub exemplars: Vec<Exemplar>,
    /// The labels by which it can be grouped.
    pub labels: Vec<String>,
    /// Whether all data points of the time were read; otherwise the oldest are missing.
    pub complete: bool,
}

/// One line of a chart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Series {
    /// By what its group is told from the others.
    pub labels: Map<String, Value>,
    /// When a step begins, in Unix milliseconds, and its number; null where nothing is known of the step.
    pub points: Vec<(u64, Option<f64>)>,
}

/// A measurement with its trace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Exemplar {
    pub time: Instant,
    pub value: f64,
    pub trace_id: String,
    pub span_id: Option<String>,
    /// The labels of its series.
    pub labels: Value,
}

/// Nanoseconds of a millisecond.
const NANOS_PER_MS: u64 = 1_000_000;

impl From<query::MetricSeries> for MetricSeries {
    fn from(metric: query::MetricSeries) -> Self {
        let (start, step_ms) = (metric.start, metric.step_ms);
        let begin = |index: usize| start.0 / NANOS_PER_MS + step_ms * index as u64;
        let series = |series: query::Series| Series {
            labels: series.labels,
            points: series.values.into_iter().enumerate().map(|(at, value)| (begin(at), value)).collect(),
        };
        Self {
            name: metric.name,
            kind: metric.kind,
            unit: metric.unit,
            step_ms,
            start: start.into(),
            aggregate: metric.aggregate.name().to_owned(),
            series: metric.series.into_iter().map(series).collect(),
            left_out: metric.left_out as u64,
            exemplars: super::list(metric.exemplars),
            labels: metric.labels,
            complete: metric.complete,
        }
    }
}

impl From<query::Exemplar> for Exemplar {
    fn from(exemplar: query::Exemplar) -> Self {
        Self {
            time: exemplar.time.into(),
            value: exemplar.value,
            trace_id: exemplar.trace_id,
            span_id: exemplar.span_id,
            labels: exemplar.labels,
        }
    }
}
