//! Parameters of a metric over time.

use std::time::Duration;

use mahavishnu_store::{
    StoreError,
    query::{Aggregate, SeriesFilter},
};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::{attributes, moment, window};
use crate::cli::Moment;

/// A metric is of the last hour, unless asked otherwise.
const SERIES_SINCE: Duration = Duration::from_secs(3600);

/// A metric over time.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SeriesQuery {
    pub name: String,
    pub service: Option<String>,
    /// An hour ago.
    #[serde(default, with = "moment")]
    #[param(value_type = Option<String>, example = "15m")]
    pub since: Option<Moment>,
    /// Now.
    #[serde(default, with = "moment")]
    #[param(value_type = Option<String>, example = "15m")]
    pub until: Option<Moment>,
    /// How long a step is; by default there are some 120 of them, none shorter than the time between two points, and never more
    /// than 2000.
    pub step_ms: Option<u64>,
    /// `rate`, `sum`, `avg`, `min`, `max`, `count`, `p50`, `p95` or `p99`; what suits the kind by default.
    pub aggregate: Option<String>,
    /// One series for each value of this label; of `service`, or of all labels with `*`.
    pub group_by: Option<String>,
    /// Only series with these labels: `key=value` pairs with commas between.
    #[serde(rename = "where")]
    pub labels: Option<String>,
}

impl SeriesQuery {
    /// What the store is asked.
    pub fn filter(&self) -> Result<SeriesFilter, StoreError> {
        let (since, until) = window(self.since, self.until, SERIES_SINCE);
        Ok(SeriesFilter {
            name: self.name.clone(),
            service: self.service.clone(),
            since,
            until,
            step_ms: self.step_ms,
            aggregate: self.aggregate.as_deref().map(Aggregate::parse).transpose()?,
            group_by: self.group_by.clone(),
            labels: self.labels.as_deref().map(attributes).transpose()?.unwrap_or_default(),
        })
    }
}
