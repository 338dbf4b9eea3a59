//! What is said of each step.

use super::rows::Kind;
use crate::error::StoreError;

/// What is said of each step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aggregate {
    /// How much came in a second: of counters what they count, of histograms measurements.
    Rate,
    /// How much came in the step; of gauges the sum of the levels of all series.
    Sum,
    /// The mean: of measurements, of levels, or of the rates of counters.
    Avg,
    /// The least.
    Min,
    /// The most.
    Max,
    /// How many: measurements of histograms, data points otherwise.
    Count,
    /// Half are no larger.
    P50,
    /// 95 of 100 are no larger.
    P95,
    /// 99 of 100 are no larger.
    P99,
}

impl Aggregate {
    const ALL: [(Self, &'static str); 9] = [
        (Self::Rate, "rate"),
        (Self::Sum, "sum"),
        (Self::Avg, "avg"),
        (Self::Min, "min"),
        (Self::Max, "max"),
        (Self::Count, "count"),
        (Self::P50, "p50"),
        (Self::P95, "p95"),
        (Self::P99, "p99"),
    ];

    /// As it is written everywhere.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(aggregate, _)| *aggregate == self).map_or("", |(_, name)| name)
    }

    /// From [`Self::name`].
    ///
    /// # Errors
    ///
    /// [`StoreError::InvalidArgument`] for another word.
    pub fn parse(text: &str) -> Result<Self, StoreError> {
        let found = Self::ALL.iter().find(|(_, name)| *name == text).map(|(aggregate, _)| *aggregate);
        found.ok_or_else(|| {
            let all = Self::ALL.map(|(_, name)| name).join(", ");
            StoreError::InvalidArgument(format!("an aggregate is one of {all}"))
        })
    }

    /// The part of the measurements that is no larger, of a percentile.
    pub(super) fn quantile(self) -> Option<f64> {
        match self {
            Self::P50 => Some(0.5),
            Self::P95 => Some(0.95),
            Self::P99 => Some(0.99),
            _ => None,
        }
    }

    /// What says most of a kind of metric.
    pub(super) fn suits(kind: Kind) -> Self {
        match kind {
            Kind::Gauge | Kind::Level => Self::Avg,
            Kind::Counter | Kind::Summary => Self::Rate,
            Kind::Histogram | Kind::Exponential => Self::P95,
        }
    }

    /// Whether a kind of metric has it.
    pub(super) fn check(self, kind: Kind) -> Result<(), StoreError> {
        let refused = |reason: &str| Err(StoreError::InvalidArgument(reason.to_owned()));
        match kind {
            Kind::Gauge | Kind::Level if self == Self::Rate => {
                refused("a gauge has no rate: ask for avg, min, max, sum, count or a percentile")
            }
            Kind::Counter if self.quantile().is_some() => {
                refused("a counter has no percentiles: ask for rate, sum, avg, min, max or count")
            }
            Kind::Summary if self.quantile().is_some() || matches!(self, Self::Min | Self::Max) => {
                refused("the quantiles of summaries can not be put together: ask for rate, sum, avg or count")
            }
            _ => Ok(()),
        }
    }
}
