//! Any request of log records.

use opentelemetry_proto::tonic::{
    collector::logs::v1::ExportLogsServiceRequest,
    logs::v1::{LogRecord, ResourceLogs, ScopeLogs},
};
use proptest::{
    collection::vec,
    prelude::{BoxedStrategy, Strategy, any},
};

use super::value::{
    any_value, attributes, dropped, enum_number, optional_id, resource, schema_url, scope, text, time,
};

/// Severity numbers: 0 is unspecified, 24 the worst.
const SEVERITIES: i32 = 25;

/// Any request of log records; it may hold none.
pub fn logs_request() -> BoxedStrategy<ExportLogsServiceRequest> {
    let scope_logs = (scope(), vec(log_record(), 0..4), schema_url())
        .prop_map(|(scope, log_records, schema_url)| ScopeLogs { scope, log_records, schema_url });
    let resource_logs = (resource(), vec(scope_logs, 0..3), schema_url())
        .prop_map(|(resource, scope_logs, schema_url)| ResourceLogs { resource, scope_logs, schema_url });
    vec(resource_logs, 0..3).prop_map(|resource_logs| ExportLogsServiceRequest { resource_logs }).boxed()
}

/// Any log record, its body of any kind.
pub fn log_record() -> BoxedStrategy<LogRecord> {
    let times = (time(), time());
    let what = (enum_number(SEVERITIES), text(), proptest::option::of(any_value()), attributes(), text());
    let rest = (dropped(), any::<u32>(), optional_id(16), optional_id(8));
    (times, what, rest)
        .prop_map(|(times, what, rest)| {
            let (time_unix_nano, observed_time_unix_nano) = times;
            let (severity_number, severity_text, body, attributes, event_name) = what;
            let (dropped_attributes_count, flags, trace_id, span_id) = rest;
            LogRecord {
                time_unix_nano,
                observed_time_unix_nano,
                severity_number,
                severity_text,
                body,
                attributes,
                dropped_attributes_count,
                flags,
                trace_id,
                span_id,
                event_name,
            }
        })
        .boxed()
}
