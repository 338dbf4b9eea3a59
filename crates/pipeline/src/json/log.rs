//! Log records.

use opentelemetry_proto::tonic::logs::v1 as otlp;
use serde::Deserialize;

use super::{
    common::{AnyValue, Attributes, Resource, Scope},
    scalar::{Hex, Nullable, Number, list},
};

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ResourceLogs {
    resource: Option<Resource>,
    scope_logs: Nullable<Vec<ScopeLogs>>,
    schema_url: Nullable<String>,
}

impl From<ResourceLogs> for otlp::ResourceLogs {
    fn from(group: ResourceLogs) -> Self {
        Self {
            resource: group.resource.map(Into::into),
            scope_logs: list(group.scope_logs.0),
            schema_url: group.schema_url.0,
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ScopeLogs {
    scope: Option<Scope>,
    log_records: Nullable<Vec<LogRecord>>,
    schema_url: Nullable<String>,
}

impl From<ScopeLogs> for otlp::ScopeLogs {
    fn from(group: ScopeLogs) -> Self {
        Self {
            scope: group.scope.map(Into::into),
            log_records: list(group.log_records.0),
            schema_url: group.schema_url.0,
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct LogRecord {
    time_unix_nano: Number<u64>,
    observed_time_unix_nano: Number<u64>,
    severity_number: Number<i32>,
    severity_text: Nullable<String>,
    body: Option<AnyValue>,
    attributes: Attributes,
    dropped_attributes_count: Number<u32>,
    flags: Number<u32>,
    trace_id: Hex,
    span_id: Hex,
    event_name: Nullable<String>,
}

impl From<LogRecord> for otlp::LogRecord {
    fn from(log: LogRecord) -> Self {
        Self {
            time_unix_nano: log.time_unix_nano.0,
            observed_time_unix_nano: log.observed_time_unix_nano.0,
            severity_number: log.severity_number.0,
            severity_text: log.severity_text.0,
            body: log.body.map(Into::into),
            attributes: list(log.attributes.0),
            dropped_attributes_count: log.dropped_attributes_count.0,
            flags: log.flags.0,
            trace_id: log.trace_id.0,
            span_id: log.span_id.0,
            event_name: log.event_name.0,
        }
    }
}
