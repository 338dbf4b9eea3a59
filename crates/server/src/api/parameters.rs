//! What can be asked for, as query parameters; the command line asks with the same.

use mahavishnu_store::{
    StoreError,
    query::{LogFilter, MetricFilter, TraceFilter, TraceId},
};
use serde::{Deserialize, Deserializer, Serialize, de::Error};

use crate::cli::Moment;

mod meaning;

pub use meaning::{
    ChangeQuery, ErrorQuery, LikeQuery, OperationQuery, PatternQuery, PatternSearchQuery, SearchQuery,
    WindowQuery,
};

/// Rows of a list, unless asked otherwise.
const DEFAULT_LIMIT: usize = 100;

/// Which traces.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TraceQuery {
    pub service: Option<String>,
    pub operation: Option<String>,
    #[serde(default)]
    pub errors: bool,
    #[serde(default, with = "moment")]
    pub since: Option<Moment>,
    #[serde(default, with = "moment")]
    pub until: Option<Moment>,
    #[serde(default = "default_limit")]
    pub limit: usize,
}

/// Which log records.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogQuery {
    pub text: Option<String>,
    pub trace_id: Option<String>,
    pub min_severity: Option<i32>,
    pub service: Option<String>,
    #[serde(default, with = "moment")]
    pub since: Option<Moment>,
    #[serde(default, with = "moment")]
    pub until: Option<Moment>,
    #[serde(default = "default_limit")]
    pub limit: usize,
}

/// How many of a list.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    #[serde(default = "default_limit")]
    pub limit: usize,
}

/// Which metrics.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceQuery {
    pub service: Option<String>,
}

/// Which data points.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricQuery {
    pub name: String,
    pub service: Option<String>,
    #[serde(default, with = "moment")]
    pub since: Option<Moment>,
    #[serde(default, with = "moment")]
    pub until: Option<Moment>,
    #[serde(default = "default_limit")]
    pub limit: usize,
}

impl TraceQuery {
    /// What the store is asked.
    pub fn filter(&self) -> TraceFilter {
        TraceFilter {
            service: self.service.clone(),
            operation: self.operation.clone(),
            errors_only: self.errors,
            since: self.since.map(Moment::resolve),
            until: self.until.map(Moment::resolve),
            limit: self.limit,
        }
    }
}

impl LogQuery {
    /// What the store is asked.
    pub fn filter(&self) -> Result<LogFilter, StoreError> {
        Ok(LogFilter {
            text: self.text.clone(),
            trace_id: self.trace_id.as_deref().map(TraceId::parse).transpose()?,
            min_severity: self.min_severity,
            service: self.service.clone(),
            since: self.since.map(Moment::resolve),
            until: self.until.map(Moment::resolve),
            limit: self.limit,
        })
    }
}

impl MetricQuery {
    /// What the store is asked.
    pub fn filter(&self) -> MetricFilter {
        MetricFilter {
            name: self.name.clone(),
            service: self.service.clone(),
            since: self.since.map(Moment::resolve),
            until: self.until.map(Moment::resolve),
            limit: self.limit,
        }
    }
}

fn default_limit() -> usize {
    DEFAULT_LIMIT
}

/// A [`Moment`] as its text.
mod moment {
    use super::{Deserialize, Deserializer, Error, Moment};
    use serde::{Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(
        moment: &Option<Moment>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        moment.map(|moment| moment.to_string()).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Moment>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| text.parse().map_err(D::Error::custom)).transpose()
    }
}
