//! What can be asked for, as query parameters; the command line asks with the same.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use mahavishnu_store::{
    StoreError, UnixNanos,
    query::{Cursor, DEFAULT_BUCKETS, List, LogFilter, MetricFilter, PatternId, TraceFilter, TraceId},
};
use serde::{Deserialize, Deserializer, Serialize, de::Error};
use serde_json::{Map, Value};
use utoipa::IntoParams;

use crate::cli::Moment;

mod meaning;
mod series;
mod tail;

pub use meaning::{
    ChangeQuery, ErrorQuery, LikeQuery, OperationQuery, PatternQuery, PatternSearchQuery, SearchQuery,
    WindowQuery,
};
pub use series::SeriesQuery;
pub use tail::TailQuery;

/// Rows of a list, unless asked otherwise.
const DEFAULT_LIMIT: usize = 100;

/// Counts over time are of the last day, unless asked otherwise.
const HISTOGRAM_SINCE: Duration = Duration::from_secs(24 * 3600);

/// Which traces.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TraceQuery {
    /// Whose root is of this service.
    pub service: Option<String>,
    /// Whose root has this name.
    pub operation: Option<String>,
    /// Only traces with a failing span.
    #[serde(default)]
    pub errors: bool,
    /// `error`: a span failed; `ok`, `unset`: none did, and the root says so.
    pub status: Option<String>,
    pub min_duration_ms: Option<f64>,
    pub max_duration_ms: Option<f64>,
    /// `key=value` pairs with commas between, all in one span; a value that is JSON is taken as such.
    pub attributes: Option<String>,
    /// With a span, error or log record of this pattern, among the latest 5000 of them.
    pub pattern_id: Option<String>,
    #[serde(default, with = "moment")]
    #[param(value_type = Option<String>, example = "15m")]
    pub since: Option<Moment>,
    #[serde(default, with = "moment")]
    #[param(value_type = Option<String>, example = "15m")]
    pub until: Option<Moment>,
    /// Where the page before ended: from its `Link` header.
    pub cursor: Option<String>,
    /// Bars of a histogram.
    pub buckets: Option<usize>,
    #[serde(default = "default_limit")]
    pub limit: usize,
}

/// Which log records.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LogQuery {
    /// Words that must all occur in the message.
    pub text: Option<String>,
    pub trace_id: Option<String>,
    /// At least of this severity number: 17 is ERROR.
    pub min_severity: Option<i32>,
    pub service: Option<String>,
    pub pattern_id: Option<String>,
    /// `key=value` pairs with commas between; a value that is JSON is taken as such.
    pub attributes: Option<String>,
    #[serde(default, with = "moment")]
    #[param(value_type = Option<String>, example = "15m")]
    pub since: Option<Moment>,
    #[serde(default, with = "moment")]
    #[param(value_type = Option<String>, example = "15m")]
    pub until: Option<Moment>,
    /// Where the page before ended: from its `Link` header.
    pub cursor: Option<String>,
    /// Bars of a histogram.
    pub buckets: Option<usize>,
    #[serde(default = "default_limit")]
    pub limit: usize,
}

/// How many of a list.
#[derive(Clone, Debug, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    #[serde(default = "default_limit")]
    pub limit: usize,
}

/// Which metrics.
#[derive(Clone, Debug, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ServiceQuery {
    pub service: Option<String>,
}

/// Which data points.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MetricQuery {
    pub name: String,
    pub service: Option<String>,
    #[serde(default, with = "moment")]
    #[param(value_type = Option<String>, example = "15m")]
    pub since: Option<Moment>,
    #[serde(default, with = "moment")]
    #[param(value_type = Option<String>, example = "15m")]
    pub until: Option<Moment>,
    /// Where the page before ended: from its `Link` header.
    pub cursor: Option<String>,
    #[serde(default = "default_limit")]
    pub limit: usize,
}

/// From when until when, and in how many parts.
pub type Bars = ((UnixNanos, UnixNanos), usize);

impl TraceQuery {
    /// What the store is asked.
    pub fn filter(&self) -> Result<TraceFilter, StoreError> {
        Ok(TraceFilter {
            service: self.service.clone(),
            operation: self.operation.clone(),
            errors_only: self.errors,
            status: self.status.as_deref().map(status).transpose()?,
            min_duration_ms: self.min_duration_ms,
            max_duration_ms: self.max_duration_ms,
            attributes: self.attributes.as_deref().map(attributes).transpose()?.unwrap_or_default(),
            pattern_id: self.pattern_id.as_deref().map(pattern_id).transpose()?,
            since: self.since.map(Moment::resolve),
            until: self.until.map(Moment::resolve),
            after: self.cursor.as_deref().map(|text| Cursor::parse(text, List::Traces)).transpose()?,
            limit: self.limit,
        })
    }

    /// The bars of a histogram: of the last day where nobody says otherwise.
    pub fn bars(&self) -> Bars {
        bars(self.since, self.until, self.buckets)
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
            pattern_id: self.pattern_id.as_deref().map(pattern_id).transpose()?,
            attributes: self.attributes.as_deref().map(attributes).transpose()?.unwrap_or_default(),
            since: self.since.map(Moment::resolve),
            until: self.until.map(Moment::resolve),
            after: self.cursor.as_deref().map(|text| Cursor::parse(text, List::Logs)).transpose()?,
            limit: self.limit,
        })
    }

    /// The bars of a histogram: of the last day where nobody says otherwise.
    pub fn bars(&self) -> Bars {
        bars(self.since, self.until, self.buckets)
    }
}

impl MetricQuery {
    /// What the store is asked.
    pub fn filter(&self) -> Result<MetricFilter, StoreError> {
        Ok(MetricFilter {
            name: self.name.clone(),
            service: self.service.clone(),
            since: self.since.map(Moment::resolve),
            until: self.until.map(Moment::resolve),
            after: self.cursor.as_deref().map(|text| Cursor::parse(text, List::Points)).transpose()?,
            limit: self.limit,
        })
    }
}

fn bars(since: Option<Moment>, until: Option<Moment>, buckets: Option<usize>) -> Bars {
    (window(since, until, HISTOGRAM_SINCE), buckets.unwrap_or(DEFAULT_BUCKETS))
}

/// From when until when: until now and so long before, where nobody says otherwise.
pub(crate) fn window(
    since: Option<Moment>,
    until: Option<Moment>,
    length: Duration,
) -> (UnixNanos, UnixNanos) {
    let until = until.map_or_else(now, Moment::resolve);
    (since.map_or_else(|| before(until, length), Moment::resolve), until)
}

fn now() -> UnixNanos {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixNanos(u64::try_from(since_1970.as_nanos()).unwrap_or(u64::MAX))
}

fn before(time: UnixNanos, by: Duration) -> UnixNanos {
    UnixNanos(time.0.saturating_sub(u64::try_from(by.as_nanos()).unwrap_or(u64::MAX)))
}

fn status(text: &str) -> Result<i16, StoreError> {
    match text.to_ascii_lowercase().as_str() {
        "unset" => Ok(0),
        "ok" => Ok(1),
        "error" => Ok(2),
        _ => Err(StoreError::InvalidArgument("a status is ok, error or unset".to_owned())),
    }
}

/// The number of a pattern or a group of errors, as the API writes it.
pub fn pattern_id(text: &str) -> Result<PatternId, StoreError> {
    let digits = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    u64::from_str_radix(text, 16).ok().filter(|_| digits).map(PatternId).ok_or_else(|| {
        StoreError::InvalidArgument(
            "the id of a pattern is 16 hex digits: take it from the list of patterns or errors".to_owned(),
        )
    })
}

pub(crate) fn attributes(text: &str) -> Result<Map<String, Value>, StoreError> {
    let pair = |pair: &str| {
        let (key, value) = pair.split_once('=').ok_or_else(|| {
            StoreError::InvalidArgument(
                "attributes are written key=value, with commas between them".to_owned(),
            )
        })?;
        let json = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
        Ok((key.trim().to_owned(), json))
    };
    pairs(text).into_iter().map(pair).collect()
}

/// The text between commas; a comma inside a value that is a JSON string does not count.
fn pairs(text: &str) -> Vec<&str> {
    let mut pairs = Vec::new();
    let (mut begin, mut in_string, mut before) = (0, false, ' ');
    for (at, letter) in text.char_indices() {
        match letter {
            '"' if in_string => in_string = before == '\\',
            '"' => in_string = before == '=',
            ',' if !in_string => {
                pairs.push(&text[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
        // Two backslashes are one that is meant.
        before = if before == '\\' && letter == '\\' { ' ' } else { letter };
    }
    pairs.push(&text[begin..]);
    pairs
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::attributes;

    #[test]
    fn attributes_are_pairs_with_commas_and_a_json_string_may_hold_some() {
        for (text, wanted) in [
            ("a=1,b=x", json!({"a": 1, "b": "x"})),
            (r#"a="x, y",b=2"#, json!({"a": "x, y", "b": 2})),
            (r#"a="say \"a, b\" \\",b=true"#, json!({"a": "say \"a, b\" \\", "b": true})),
            (r#"size=5" pipe,b="2""#, json!({"size": "5\" pipe", "b": "2"})),
            ("url=/a?b=c", json!({"url": "/a?b=c"})),
        ] {
            let found = attributes(text).expect(text);
            assert_eq!(serde_json::Value::Object(found), wanted, "{text}");
        }
        assert!(attributes("a").is_err());
    }
}
