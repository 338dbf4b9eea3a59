//! The same on the OTLP wire.

use std::borrow::Cow;
use std::time::{SystemTime, UNIX_EPOCH};

use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, KeyValue, any_value::Value},
    logs::v1::{LogRecord, SeverityNumber},
    metrics::v1::{
        AggregationTemporality, Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint, Sum,
        metric::Data, number_data_point,
    },
};

use super::{
    AttributeValue, LogEntry, MetricKind, OtelMetric,
    trace_id::{TRACE_ID_ATTRIBUTE, is_hex, trace_id},
};
use crate::settings::LogLevel;

impl LogEntry {
    /// The log record of this entry. A trace id that is no id of OpenTelemetry is also kept as the attribute
    /// `mahavishnu.trace_id`.
    #[must_use]
    pub fn to_log_record(&self) -> LogRecord {
        let otel = self.to_otel();
        let mut attributes: Vec<KeyValue> = otel.attributes.into_iter().map(key_value).collect();
        let named = self.trace_id.as_deref().filter(|name| !name.is_empty());
        if let Some(name) = named.filter(|name| !is_hex(name)) {
            attributes.push(key_value((TRACE_ID_ATTRIBUTE.into(), name.into())));
        }
        LogRecord {
            time_unix_nano: nanos(self.timestamp),
            observed_time_unix_nano: nanos(self.timestamp),
            severity_number: self.level.severity_number(),
            severity_text: self.level.name().to_owned(),
            body: Some(AnyValue { value: Some(Value::StringValue(self.message.clone())) }),
            attributes,
            trace_id: named.map(|name| trace_id(name).to_vec()).unwrap_or_default(),
            ..LogRecord::default()
        }
    }
}

impl OtelMetric {
    /// The metric of one data point: a counter is a monotonic sum of deltas, a histogram has one measurement.
    #[must_use]
    pub fn to_metric(&self) -> Metric {
        let attributes: Vec<KeyValue> = self.attributes.iter().cloned().map(key_value).collect();
        let time_unix_nano = nanos(self.timestamp);
        let delta = AggregationTemporality::Delta.into();
        let number = |attributes| {
            vec![NumberDataPoint {
                attributes,
                time_unix_nano,
                value: Some(number_data_point::Value::AsDouble(self.value)),
                ..NumberDataPoint::default()
            }]
        };
        let data = match self.kind {
            MetricKind::Counter => Data::Sum(Sum {
                data_points: number(attributes),
                aggregation_temporality: delta,
                is_monotonic: true,
            }),
            MetricKind::Gauge => Data::Gauge(Gauge { data_points: number(attributes) }),
            MetricKind::Histogram => Data::Histogram(Histogram {
                data_points: vec![HistogramDataPoint {
                    attributes,
                    time_unix_nano,
                    count: 1,
                    sum: Some(self.value),
                    min: Some(self.value),
                    max: Some(self.value),
                    ..HistogramDataPoint::default()
                }],
                aggregation_temporality: delta,
            }),
        };
        Metric {
            name: self.name.clone(),
            unit: self.unit.clone().unwrap_or_default(),
            data: Some(data),
            ..Metric::default()
        }
    }
}

impl LogLevel {
    /// The severity number of OpenTelemetry.
    #[must_use]
    pub fn severity_number(self) -> i32 {
        let number = match self {
            Self::Debug => SeverityNumber::Debug,
            Self::Info => SeverityNumber::Info,
            Self::Warning => SeverityNumber::Warn,
            Self::Error => SeverityNumber::Error,
            Self::Critical => SeverityNumber::Fatal,
        };
        number.into()
    }
}

pub(crate) fn key_value((key, value): (Cow<'static, str>, AttributeValue)) -> KeyValue {
    let value = match value {
        AttributeValue::Bool(value) => Value::BoolValue(value),
        AttributeValue::Int(value) => Value::IntValue(value),
        AttributeValue::Double(value) => Value::DoubleValue(value),
        AttributeValue::String(value) => Value::StringValue(value),
    };
    KeyValue { key: key.into_owned(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}

/// Nanoseconds since 1970; 0 (unknown) for a clock that stands before it.
pub(crate) fn nanos(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
