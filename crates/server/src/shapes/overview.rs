//! Lists from above: how many there were over time, and what they have in common.

use mahavishnu_store::query;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{Instant, convert::status};

/// Traces over time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TraceHistogram {
    /// Where the first bucket begins.
    pub start: Instant,
    pub step_ms: u64,
    /// Oldest first.
    pub buckets: Vec<TraceBucket>,
    /// How many traces were looked at.
    pub looked_at: u64,
    /// The share of all that was looked at: below 1 the counts are estimates.
    pub share: f64,
}

/// Traces in a part of the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TraceBucket {
    pub traces: u64,
    /// Those with a failing span.
    pub errors: u64,
}

/// Log records over time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LogHistogram {
    /// Where the first bucket begins.
    pub start: Instant,
    pub step_ms: u64,
    /// Oldest first.
    pub buckets: Vec<LogBucket>,
    /// How many records were looked at.
    pub looked_at: u64,
    /// The share of all that was looked at: below 1 the counts are estimates.
    pub share: f64,
}

/// Log records in a part of the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogBucket {
    pub records: u64,
    /// Those of severity ERROR or worse.
    pub errors: u64,
}

/// What traces have in common; the most frequent first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TraceFacets {
    /// Services of their roots.
    pub services: Vec<Facet>,
    /// Names of their roots.
    pub operations: Vec<Facet>,
    /// `ERROR` where a span failed, otherwise what the root says.
    pub statuses: Vec<Facet>,
    /// Attributes of the spans of the newest 200.
    pub attributes: Vec<AttributeFacet>,
    /// How many of the newest traces were counted.
    pub of: u64,
}

/// A value and how many traces have it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Facet {
    pub value: Value,
    pub count: u64,
}

/// The values of an attribute: strings, numbers, booleans.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AttributeFacet {
    pub key: String,
    pub values: Vec<Facet>,
}

impl From<query::Histogram> for TraceHistogram {
    fn from(histogram: query::Histogram) -> Self {
        let bucket = |bucket: query::Bucket| TraceBucket { traces: bucket.count, errors: bucket.errors };
        Self {
            start: histogram.start.into(),
            step_ms: histogram.step_ms,
            buckets: histogram.buckets.into_iter().map(bucket).collect(),
            looked_at: histogram.looked_at,
            share: histogram.share,
        }
    }
}

impl From<query::Histogram> for LogHistogram {
    fn from(histogram: query::Histogram) -> Self {
        let bucket = |bucket: query::Bucket| LogBucket { records: bucket.count, errors: bucket.errors };
        Self {
            start: histogram.start.into(),
            step_ms: histogram.step_ms,
            buckets: histogram.buckets.into_iter().map(bucket).collect(),
            looked_at: histogram.looked_at,
            share: histogram.share,
        }
    }
}

impl From<query::Facets> for TraceFacets {
    fn from(facets: query::Facets) -> Self {
        Self {
            services: values(facets.services, Value::String),
            operations: values(facets.operations, Value::String),
            statuses: values(facets.statuses, |number| status(number.into()).into()),
            attributes: facets
                .attributes
                .into_iter()
                .map(|facet| AttributeFacet { key: facet.key, values: values(facet.values, |value| value) })
                .collect(),
            of: facets.of,
        }
    }
}

fn values<T>(facets: Vec<query::Facet<T>>, value: impl Fn(T) -> Value) -> Vec<Facet> {
    facets.into_iter().map(|facet| Facet { value: value(facet.value), count: facet.count }).collect()
}
