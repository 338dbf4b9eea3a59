//! Series and data points, as they are read.

use serde_json::Value;
use tokio_postgres::Row;

use super::{Exemplar, distribution::Buckets};
use crate::{error::StoreError, query, time::UnixNanos};

/// `AggregationTemporality` of OTLP: what came since the point before.
const DELTA: i16 = 1;

/// How the points of a metric are understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A level.
    Gauge,
    /// A sum that also falls: a level.
    Level,
    /// A sum that only grows, or says what came.
    Counter,
    Histogram,
    Exponential,
    Summary,
}

/// A series of a metric.
#[derive(Debug)]
pub(super) struct SeriesRow {
    pub(super) id: i64,
    pub(super) service: String,
    pub(super) kind_name: String,
    pub(super) kind: Kind,
    pub(super) unit: Option<String>,
    pub(super) delta: bool,
    pub(super) bounds: Vec<f64>,
    pub(super) attributes: Value,
}

/// A data point.
#[derive(Debug, Default)]
pub(super) struct Point {
    pub(super) time: u64,
    pub(super) start: Option<u64>,
    /// Of gauges and sums.
    pub(super) value: Option<f64>,
    pub(super) count: u64,
    pub(super) sum: f64,
    pub(super) min: Option<f64>,
    pub(super) max: Option<f64>,
    pub(super) bucket_counts: Vec<u64>,
    pub(super) detail: Option<Value>,
    exemplars: Option<Value>,
}

impl SeriesRow {
    pub(super) fn read(row: &Row) -> Result<Self, StoreError> {
        let kind_name: String = row.try_get("kind")?;
        let temporality: Option<i16> = row.try_get("temporality")?;
        let delta = temporality == Some(DELTA);
        let monotonic: Option<bool> = row.try_get("monotonic")?;
        let kind = match kind_name.as_str() {
            "sum" if delta || monotonic == Some(true) => Kind::Counter,
            "sum" => Kind::Level,
            "histogram" => Kind::Histogram,
            "exponential_histogram" => Kind::Exponential,
            "summary" => Kind::Summary,
            _ => Kind::Gauge,
        };
        Ok(Self {
            id: row.try_get("series_id")?,
            service: row.try_get("service")?,
            kind_name,
            kind,
            unit: row.try_get("unit")?,
            delta,
            bounds: row.try_get::<_, Option<Vec<f64>>>("bounds")?.unwrap_or_default(),
            attributes: row.try_get("attributes")?,
        })
    }
}

impl Point {
    pub(super) fn read(row: &Row) -> Result<Self, StoreError> {
        let UnixNanos(time) = query::rows::time(row, "time", "time_nanos")?;
        let start: Option<i64> = row.try_get("start_delta_ns")?;
        let int: Option<i64> = row.try_get("value_int")?;
        let double: Option<f64> = row.try_get("value_double")?;
        let counts: Option<Vec<i64>> = row.try_get("bucket_counts")?;
        Ok(Self {
            time,
            start: start.map(|delta| time.wrapping_sub(delta.cast_unsigned())),
            value: int.map(|int| int as f64).or(double).filter(|value| value.is_finite()),
            count: row.try_get::<_, Option<i64>>("count")?.unwrap_or(0).cast_unsigned(),
            sum: row.try_get::<_, Option<f64>>("sum")?.filter(|sum| sum.is_finite()).unwrap_or(0.0),
            min: row.try_get("min")?,
            max: row.try_get("max")?,
            bucket_counts: counts.unwrap_or_default().into_iter().map(i64::cast_unsigned).collect(),
            detail: row.try_get("detail")?,
            exemplars: row.try_get("exemplars")?,
        })
    }

    /// The buckets that it counts in.
    pub(super) fn buckets(&self, series: &SeriesRow) -> Buckets {
        match series.kind {
            Kind::Histogram => Buckets::explicit(&series.bounds, &self.bucket_counts),
            Kind::Exponential => self.detail.as_ref().map_or_else(Buckets::default, Buckets::exponential),
            _ => Buckets::default(),
        }
    }

    /// Its measurements of which the trace is known.
    pub(super) fn exemplars(&self, series: &SeriesRow) -> impl Iterator<Item = Exemplar> {
        let all = self.exemplars.iter().filter_map(Value::as_array).flatten();
        all.filter_map(|exemplar| {
            let text =
                |key: &str| exemplar.get(key)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
            Some(Exemplar {
                time: UnixNanos(exemplar.get("time")?.as_u64()?),
                value: exemplar.get("value")?.as_f64()?,
                trace_id: text("trace_id")?,
                span_id: text("span_id"),
                labels: series.attributes.clone(),
            })
        })
    }
}
