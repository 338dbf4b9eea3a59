//! Data points of every kind, and exemplars.

use opentelemetry_proto::tonic::metrics::v1 as otlp;
use serde::{Deserialize, Deserializer, de::Error};

use crate::json::{
    common::Attributes,
    scalar::{Hex, Nullable, Number, list},
};

/// `as_double` or `as_int`: one of them or none.
fn one_of<T, E: Error>(
    double: Option<Number<f64>>,
    int: Option<Number<i64>>,
    from_double: fn(f64) -> T,
    from_int: fn(i64) -> T,
) -> Result<Option<T>, E> {
    match (double, int) {
        (Some(_), Some(_)) => Err(E::custom("a number has both asDouble and asInt")),
        (double, int) => {
            Ok(double.map(|value| from_double(value.0)).or_else(|| int.map(|value| from_int(value.0))))
        }
    }
}

#[derive(Debug)]
pub(super) struct NumberPoint(otlp::NumberDataPoint);

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct NumberFields {
    attributes: Attributes,
    start_time_unix_nano: Number<u64>,
    time_unix_nano: Number<u64>,
    exemplars: Nullable<Vec<Exemplar>>,
    flags: Number<u32>,
    as_double: Option<Number<f64>>,
    as_int: Option<Number<i64>>,
}

impl<'de> Deserialize<'de> for NumberPoint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = NumberFields::deserialize(deserializer)?;
        let value = one_of(
            fields.as_double,
            fields.as_int,
            otlp::number_data_point::Value::AsDouble,
            otlp::number_data_point::Value::AsInt,
        )?;
        Ok(Self(otlp::NumberDataPoint {
            attributes: list(fields.attributes.0),
            start_time_unix_nano: fields.start_time_unix_nano.0,
            time_unix_nano: fields.time_unix_nano.0,
            exemplars: list(fields.exemplars.0),
            flags: fields.flags.0,
            value,
        }))
    }
}

impl From<NumberPoint> for otlp::NumberDataPoint {
    fn from(point: NumberPoint) -> Self {
        point.0
    }
}

#[derive(Debug)]
struct Exemplar(otlp::Exemplar);

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ExemplarFields {
    filtered_attributes: Attributes,
    time_unix_nano: Number<u64>,
    span_id: Hex,
    trace_id: Hex,
    as_double: Option<Number<f64>>,
    as_int: Option<Number<i64>>,
}

impl<'de> Deserialize<'de> for Exemplar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = ExemplarFields::deserialize(deserializer)?;
        let value = one_of(
            fields.as_double,
            fields.as_int,
            otlp::exemplar::Value::AsDouble,
            otlp::exemplar::Value::AsInt,
        )?;
        Ok(Self(otlp::Exemplar {
            filtered_attributes: list(fields.filtered_attributes.0),
            time_unix_nano: fields.time_unix_nano.0,
            span_id: fields.span_id.0,
            trace_id: fields.trace_id.0,
            value,
        }))
    }
}

impl From<Exemplar> for otlp::Exemplar {
    fn from(exemplar: Exemplar) -> Self {
        exemplar.0
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct HistogramPoint {
    attributes: Attributes,
    start_time_unix_nano: Number<u64>,
    time_unix_nano: Number<u64>,
    count: Number<u64>,
    sum: Option<Number<f64>>,
    bucket_counts: Nullable<Vec<Number<u64>>>,
    explicit_bounds: Nullable<Vec<Number<f64>>>,
    exemplars: Nullable<Vec<Exemplar>>,
    flags: Number<u32>,
    min: Option<Number<f64>>,
    max: Option<Number<f64>>,
}

impl From<HistogramPoint> for otlp::HistogramDataPoint {
    fn from(point: HistogramPoint) -> Self {
        Self {
            attributes: list(point.attributes.0),
            start_time_unix_nano: point.start_time_unix_nano.0,
            time_unix_nano: point.time_unix_nano.0,
            count: point.count.0,
            sum: point.sum.map(|sum| sum.0),
            bucket_counts: numbers(point.bucket_counts),
            explicit_bounds: numbers(point.explicit_bounds),
            exemplars: list(point.exemplars.0),
            flags: point.flags.0,
            min: point.min.map(|min| min.0),
            max: point.max.map(|max| max.0),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ExponentialPoint {
    attributes: Attributes,
    start_time_unix_nano: Number<u64>,
    time_unix_nano: Number<u64>,
    count: Number<u64>,
    sum: Option<Number<f64>>,
    scale: Number<i32>,
    zero_count: Number<u64>,
    positive: Option<Buckets>,
    negative: Option<Buckets>,
    flags: Number<u32>,
    exemplars: Nullable<Vec<Exemplar>>,
    min: Option<Number<f64>>,
    max: Option<Number<f64>>,
    zero_threshold: Number<f64>,
}

impl From<ExponentialPoint> for otlp::ExponentialHistogramDataPoint {
    fn from(point: ExponentialPoint) -> Self {
        Self {
            attributes: list(point.attributes.0),
            start_time_unix_nano: point.start_time_unix_nano.0,
            time_unix_nano: point.time_unix_nano.0,
            count: point.count.0,
            sum: point.sum.map(|sum| sum.0),
            scale: point.scale.0,
            zero_count: point.zero_count.0,
            positive: point.positive.map(Into::into),
            negative: point.negative.map(Into::into),
            flags: point.flags.0,
            exemplars: list(point.exemplars.0),
            min: point.min.map(|min| min.0),
            max: point.max.map(|max| max.0),
            zero_threshold: point.zero_threshold.0,
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Buckets {
    offset: Number<i32>,
    bucket_counts: Nullable<Vec<Number<u64>>>,
}

impl From<Buckets> for otlp::exponential_histogram_data_point::Buckets {
    fn from(buckets: Buckets) -> Self {
        Self { offset: buckets.offset.0, bucket_counts: numbers(buckets.bucket_counts) }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct SummaryPoint {
    attributes: Attributes,
    start_time_unix_nano: Number<u64>,
    time_unix_nano: Number<u64>,
    count: Number<u64>,
    sum: Number<f64>,
    quantile_values: Nullable<Vec<Quantile>>,
    flags: Number<u32>,
}

impl From<SummaryPoint> for otlp::SummaryDataPoint {
    fn from(point: SummaryPoint) -> Self {
        Self {
            attributes: list(point.attributes.0),
            start_time_unix_nano: point.start_time_unix_nano.0,
            time_unix_nano: point.time_unix_nano.0,
            count: point.count.0,
            sum: point.sum.0,
            quantile_values: list(point.quantile_values.0),
            flags: point.flags.0,
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Quantile {
    quantile: Number<f64>,
    value: Number<f64>,
}

impl From<Quantile> for otlp::summary_data_point::ValueAtQuantile {
    fn from(quantile: Quantile) -> Self {
        Self { quantile: quantile.quantile.0, value: quantile.value.0 }
    }
}

fn numbers<T>(numbers: Nullable<Vec<Number<T>>>) -> Vec<T> {
    numbers.0.into_iter().map(|number| number.0).collect()
}
