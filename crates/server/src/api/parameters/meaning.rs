//! Parameters of search, patterns, errors and services.

use std::time::Duration;

use mahavishnu_store::{
    StoreError, UnixNanos,
    query::{ErrorFilter, PatternFilter, PatternKind, SearchFilter, Windows},
};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::{attributes, before, default_limit, moment, status, window};
use crate::cli::Moment;

/// Error groups are of this time, unless asked otherwise.
const ERRORS_SINCE: Duration = Duration::from_secs(24 * 3600);

/// Trends of patterns are of this time, unless asked otherwise.
const TREND_SINCE: Duration = Duration::from_secs(24 * 3600);

/// Changes are of this time beside the same time before, unless asked otherwise.
const CHANGES_SINCE: Duration = Duration::from_secs(3600);

/// Which traces are searched for.
#[derive(Clone, Debug, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SearchQuery {
    pub q: String,
    pub service: Option<String>,
    pub operation: Option<String>,
    /// `ok`, `error` or `unset`.
    pub status: Option<String>,
    pub min_duration_ms: Option<f64>,
    pub max_duration_ms: Option<f64>,
    /// `key=value` pairs with commas between; a value that is JSON is taken as such.
    pub attributes: Option<String>,
    pub threshold: Option<f64>,
    #[serde(default, with = "moment")]
    #[param(value_type = Option<String>, example = "15m")]
    pub since: Option<Moment>,
    #[serde(default, with = "moment")]
    #[param(value_type = Option<String>, example = "15m")]
    pub until: Option<Moment>,
    #[serde(default = "default_limit")]
    pub limit: usize,
}

/// Which patterns are searched for.
#[derive(Clone, Debug, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PatternSearchQuery {
    pub q: String,
    pub kind: Option<String>,
    pub service: Option<String>,
    #[serde(default = "default_limit")]
    pub limit: usize,
}

/// Which patterns.
#[derive(Clone, Debug, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PatternQuery {
    pub kind: Option<String>,
    pub service: Option<String>,
    #[serde(default, with = "moment")]
    #[param(value_type = Option<String>, example = "15m")]
    pub since: Option<Moment>,
    #[serde(default, with = "moment")]
    #[param(value_type = Option<String>, example = "15m")]
    pub until: Option<Moment>,
    #[serde(default = "default_limit")]
    pub limit: usize,
}

/// Which changes of patterns.
#[derive(Clone, Debug, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ChangeQuery {
    pub kind: Option<String>,
    pub service: Option<String>,
    /// Where the window begins: an hour ago.
    #[serde(default, with = "moment")]
    #[param(value_type = Option<String>, example = "15m")]
    pub since: Option<Moment>,
    /// Where it ends: now.
    #[serde(default, with = "moment")]
    #[param(value_type = Option<String>, example = "15m")]
    pub until: Option<Moment>,
    /// Where the time before it begins: as long before as the window is long.
    #[serde(default, with = "moment")]
    #[param(value_type = Option<String>, example = "15m")]
    pub baseline: Option<Moment>,
    #[serde(default = "default_limit")]
    pub limit: usize,
}

/// Which groups of errors: those of the last day.
#[derive(Clone, Debug, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ErrorQuery {
    pub service: Option<String>,
    #[serde(default, with = "moment")]
    #[param(value_type = Option<String>, example = "15m")]
    pub since: Option<Moment>,
    #[serde(default, with = "moment")]
    #[param(value_type = Option<String>, example = "15m")]
    pub until: Option<Moment>,
    #[serde(default = "default_limit")]
    pub limit: usize,
}

/// Errors whose message is LIKE a pattern.
#[derive(Clone, Debug, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LikeQuery {
    pub pattern: String,
    pub service: Option<String>,
    #[serde(default, with = "moment")]
    #[param(value_type = Option<String>, example = "15m")]
    pub since: Option<Moment>,
    #[serde(default, with = "moment")]
    #[param(value_type = Option<String>, example = "15m")]
    pub until: Option<Moment>,
    #[serde(default = "default_limit")]
    pub limit: usize,
}

/// A time.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WindowQuery {
    #[serde(default, with = "moment")]
    #[param(value_type = Option<String>, example = "15m")]
    pub since: Option<Moment>,
    #[serde(default, with = "moment")]
    #[param(value_type = Option<String>, example = "15m")]
    pub until: Option<Moment>,
}

/// Which operations.
#[derive(Clone, Debug, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OperationQuery {
    #[serde(default, with = "moment")]
    #[param(value_type = Option<String>, example = "15m")]
    pub since: Option<Moment>,
    #[serde(default, with = "moment")]
    #[param(value_type = Option<String>, example = "15m")]
    pub until: Option<Moment>,
    #[serde(default = "default_limit")]
    pub limit: usize,
}

impl SearchQuery {
    /// What the store is asked.
    pub fn filter(&self) -> Result<SearchFilter, StoreError> {
        Ok(SearchFilter {
            service: self.service.clone(),
            operation: self.operation.clone(),
            status: self.status.as_deref().map(status).transpose()?,
            min_duration_ms: self.min_duration_ms,
            max_duration_ms: self.max_duration_ms,
            since: self.since.map(Moment::resolve),
            until: self.until.map(Moment::resolve),
            attributes: self.attributes.as_deref().map(attributes).transpose()?.unwrap_or_default(),
            threshold: self.threshold,
            limit: self.limit,
        })
    }
}

impl PatternSearchQuery {
    /// What the store is asked.
    pub fn filter(&self) -> Result<PatternFilter, StoreError> {
        let kind = self.kind.as_deref().map(PatternKind::parse).transpose()?;
        Ok(PatternFilter {
            kind,
            service: self.service.clone(),
            limit: self.limit,
            ..PatternFilter::default()
        })
    }
}

impl PatternQuery {
    /// The time of the trends.
    pub fn window(&self) -> (UnixNanos, UnixNanos) {
        window(self.since, self.until, TREND_SINCE)
    }

    /// What the store is asked.
    pub fn filter(&self) -> Result<PatternFilter, StoreError> {
        Ok(PatternFilter {
            kind: self.kind.as_deref().map(PatternKind::parse).transpose()?,
            service: self.service.clone(),
            since: self.since.map(Moment::resolve),
            until: self.until.map(Moment::resolve),
            limit: self.limit,
        })
    }
}

impl ChangeQuery {
    /// What the store is asked.
    pub fn windows(&self) -> Result<Windows, StoreError> {
        let (since, until) = window(self.since, self.until, CHANGES_SINCE);
        let length = Duration::from_nanos(until.0.saturating_sub(since.0));
        Ok(Windows {
            baseline: self.baseline.map_or_else(|| before(since, length), Moment::resolve),
            since,
            until,
            kind: self.kind.as_deref().map(PatternKind::parse).transpose()?,
            service: self.service.clone(),
            limit: self.limit,
        })
    }
}

impl ErrorQuery {
    /// What the store is asked.
    pub fn filter(&self) -> ErrorFilter {
        let (since, until) = window(self.since, self.until, ERRORS_SINCE);
        ErrorFilter { service: self.service.clone(), since, until, limit: self.limit }
    }
}

impl WindowQuery {
    /// The time of a trend: the last day where nobody says otherwise.
    pub fn window(&self) -> (UnixNanos, UnixNanos) {
        window(self.since, self.until, TREND_SINCE)
    }

    /// From when until when.
    pub fn resolve(&self) -> (Option<UnixNanos>, Option<UnixNanos>) {
        (self.since.map(Moment::resolve), self.until.map(Moment::resolve))
    }
}
