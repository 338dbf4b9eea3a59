//! Metrics of every kind.

use opentelemetry_proto::tonic::metrics::v1 as otlp;
use serde::{Deserialize, Deserializer, de::Error};

use super::{
    common::{Attributes, Resource, Scope},
    scalar::{Nullable, list},
};

mod point;

use point::{ExponentialPoint, HistogramPoint, NumberPoint, SummaryPoint};

use super::scalar::Number;

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ResourceMetrics {
    resource: Option<Resource>,
    scope_metrics: Nullable<Vec<ScopeMetrics>>,
    schema_url: Nullable<String>,
}

impl From<ResourceMetrics> for otlp::ResourceMetrics {
    fn from(group: ResourceMetrics) -> Self {
        Self {
            resource: group.resource.map(Into::into),
            scope_metrics: list(group.scope_metrics.0),
            schema_url: group.schema_url.0,
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ScopeMetrics {
    scope: Option<Scope>,
    metrics: Nullable<Vec<Metric>>,
    schema_url: Nullable<String>,
}

impl From<ScopeMetrics> for otlp::ScopeMetrics {
    fn from(group: ScopeMetrics) -> Self {
        Self {
            scope: group.scope.map(Into::into),
            metrics: list(group.metrics.0),
            schema_url: group.schema_url.0,
        }
    }
}

#[derive(Debug)]
struct Metric(otlp::Metric);

impl From<Metric> for otlp::Metric {
    fn from(metric: Metric) -> Self {
        metric.0
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Fields {
    name: Nullable<String>,
    description: Nullable<String>,
    unit: Nullable<String>,
    metadata: Attributes,
    gauge: Option<Points<NumberPoint>>,
    sum: Option<Points<NumberPoint>>,
    histogram: Option<Points<HistogramPoint>>,
    exponential_histogram: Option<Points<ExponentialPoint>>,
    summary: Option<Points<SummaryPoint>>,
}

/// The points of one metric, with what only some kinds have.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Points<T> {
    #[serde(default = "Nullable::default")]
    data_points: Nullable<Vec<T>>,
    #[serde(default)]
    aggregation_temporality: Number<i32>,
    #[serde(default)]
    is_monotonic: Nullable<bool>,
}

impl<'de> Deserialize<'de> for Metric {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = Fields::deserialize(deserializer)?;
        let mut kinds = [
            fields.gauge.map(|gauge| {
                otlp::metric::Data::Gauge(otlp::Gauge { data_points: list(gauge.data_points.0) })
            }),
            fields.sum.map(|sum| {
                otlp::metric::Data::Sum(otlp::Sum {
                    data_points: list(sum.data_points.0),
                    aggregation_temporality: sum.aggregation_temporality.0,
                    is_monotonic: sum.is_monotonic.0,
                })
            }),
            fields.histogram.map(|histogram| {
                otlp::metric::Data::Histogram(otlp::Histogram {
                    data_points: list(histogram.data_points.0),
                    aggregation_temporality: histogram.aggregation_temporality.0,
                })
            }),
            fields.exponential_histogram.map(|histogram| {
                otlp::metric::Data::ExponentialHistogram(otlp::ExponentialHistogram {
                    data_points: list(histogram.data_points.0),
                    aggregation_temporality: histogram.aggregation_temporality.0,
                })
            }),
            fields.summary.map(|summary| {
                otlp::metric::Data::Summary(otlp::Summary { data_points: list(summary.data_points.0) })
            }),
        ]
        .into_iter()
        .flatten();
        let data = kinds.next();
        if kinds.next().is_some() {
            return Err(D::Error::custom("a metric has more than one kind"));
        }
        Ok(Self(otlp::Metric {
            name: fields.name.0,
            description: fields.description.0,
            unit: fields.unit.0,
            metadata: list(fields.metadata.0),
            data,
        }))
    }
}
