//! Mahavishnu's own log entries and metrics as OpenTelemetry: pure functions, nothing is read or sent.
//!
//! | from | to a record, as the contract names its fields | to the OTLP wire |
//! |---|---|---|
//! | [`LogEntry`] | [`LogEntry::to_otel`] | [`LogEntry::to_log_record`] |
//! | [`Metric`] | [`Metric::to_otel`] | [`OtelMetric::to_metric`] |

use std::{borrow::Cow, time::SystemTime};

use crate::settings::LogLevel;

mod trace_id;
mod wire;

pub use trace_id::TRACE_ID_ATTRIBUTE;
pub(crate) use wire::{key_value, nanos};

/// The service that Mahavishnu's own records belong to.
pub const SERVICE: &str = "mahavishnu";

/// The name of every record that was a log entry.
const LOG_ENTRY: &str = "log_entry";

/// The value of an attribute or a label.
#[derive(Clone, Debug, PartialEq)]
pub enum AttributeValue {
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with a fraction.
    Double(f64),
    /// Text.
    String(String),
}

/// Names and values; a name should stand once.
pub type Attributes = Vec<(Cow<'static, str>, AttributeValue)>;

/// A log entry of Mahavishnu.
#[derive(Clone, Debug, PartialEq)]
pub struct LogEntry {
    /// When it happened.
    pub timestamp: SystemTime,
    /// How grave it is.
    pub level: LogLevel,
    /// What it says.
    pub message: String,
    /// What is known beside it.
    pub attributes: Attributes,
    /// The trace it belongs to: 32 hex digits, or any other name of a trace.
    pub trace_id: Option<String>,
}

/// A metric of Mahavishnu: one value that was measured or counted.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// What is measured.
    pub name: Cow<'static, str>,
    /// What it measures: a counter unless something else is said.
    pub kind: MetricKind,
    /// The value.
    pub value: f64,
    /// What tells its series from others of the name.
    pub labels: Attributes,
}

impl Metric {
    /// A counter.
    #[must_use]
    pub fn new(name: impl Into<Cow<'static, str>>, value: f64, labels: Attributes) -> Self {
        Self { name: name.into(), kind: MetricKind::default(), value, labels }
    }
}

/// What the values of a metric are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MetricKind {
    /// What was added since the value before.
    #[default]
    Counter,
    /// What is now.
    Gauge,
    /// One of many measurements, of which the distribution is of interest.
    Histogram,
}

/// A log entry as a record of OpenTelemetry, in the shape of a span.
#[derive(Clone, Debug, PartialEq)]
pub struct OtelLog {
    /// As the entry has it.
    pub trace_id: Option<String>,
    /// None: it is generated when the record is stored.
    pub span_id: Option<[u8; 8]>,
    /// `log_entry`.
    pub name: String,
    /// `INTERNAL`.
    pub kind: &'static str,
    /// When it happened.
    pub start_time: SystemTime,
    /// The same.
    pub end_time: SystemTime,
    /// `OK`, or `ERROR` for the levels ERROR and CRITICAL.
    pub status: &'static str,
    /// `mahavishnu`.
    pub service: &'static str,
    /// `log_info`, `log_error` and so on.
    pub operation: String,
    /// 0.
    pub duration_ms: f64,
    /// The entry's own, and `log.level` and `log.message`.
    pub attributes: Attributes,
}

/// A metric as OpenTelemetry has it.
#[derive(Clone, Debug, PartialEq)]
pub struct OtelMetric {
    /// What is measured.
    pub name: String,
    /// `counter` by default.
    pub kind: MetricKind,
    /// The value.
    pub value: f64,
    /// None: Mahavishnu's metrics do not say theirs.
    pub unit: Option<String>,
    /// The labels.
    pub attributes: Attributes,
    /// When it was recorded.
    pub timestamp: SystemTime,
}

impl LogEntry {
    /// The record of this entry.
    #[must_use]
    pub fn to_otel(&self) -> OtelLog {
        let level = self.level.name();
        let failed = self.level >= LogLevel::Error;
        let mut attributes = self.attributes.clone();
        attributes.push(("log.level".into(), AttributeValue::String(level.to_owned())));
        attributes.push(("log.message".into(), AttributeValue::String(self.message.clone())));
        OtelLog {
            trace_id: self.trace_id.clone(),
            span_id: None,
            name: LOG_ENTRY.to_owned(),
            kind: "INTERNAL",
            start_time: self.timestamp,
            end_time: self.timestamp,
            status: if failed { "ERROR" } else { "OK" },
            service: SERVICE,
            operation: format!("log_{}", level.to_ascii_lowercase()),
            duration_ms: 0.0,
            attributes,
        }
    }
}

impl Metric {
    /// The metric at this time.
    #[must_use]
    pub fn to_otel(&self, now: SystemTime) -> OtelMetric {
        OtelMetric {
            name: self.name.clone().into_owned(),
            kind: self.kind,
            value: self.value,
            unit: None,
            attributes: self.labels.clone(),
            timestamp: now,
        }
    }
}

impl LogLevel {
    /// Its name: `DEBUG` to `CRITICAL`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warning => "WARNING",
            Self::Error => "ERROR",
            Self::Critical => "CRITICAL",
        }
    }
}

impl From<bool> for AttributeValue {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for AttributeValue {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<f64> for AttributeValue {
    fn from(value: f64) -> Self {
        Self::Double(value)
    }
}

impl From<&str> for AttributeValue {
    fn from(value: &str) -> Self {
        Self::String(value.to_owned())
    }
}

impl From<String> for AttributeValue {
    fn from(value: String) -> Self {
        Self::String(value)
    }
}

#[cfg(test)]
mod tests;
