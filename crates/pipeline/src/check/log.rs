//! Log records that can not be kept.

use opentelemetry_proto::tonic::{
    collector::logs::v1::ExportLogsServiceRequest, common::v1::any_value::Value, logs::v1::LogRecord,
};

use super::{Findings, rules};

pub(super) fn sift(request: &mut ExportLogsServiceRequest, findings: &mut Findings) {
    for group in &mut request.resource_logs {
        let group_fault = rules::resource(group.resource.as_ref());
        for scope in &mut group.scope_logs {
            let shared_fault = group_fault.clone().or_else(|| rules::scope(scope.scope.as_ref()));
            scope
                .log_records
                .retain(|log| findings.record(shared_fault.clone().or_else(|| fault(log)), || name(log)));
        }
    }
}

fn fault(log: &LogRecord) -> Option<String> {
    rules::optional_id("a trace id", &log.trace_id, 16)
        .or_else(|| rules::optional_id("a span id", &log.span_id, 8))
        .or_else(|| rules::attributes("attributes", &log.attributes))
        .or_else(|| rules::value("a body", log.body.as_ref()))
}

/// What a person would recognise the record by.
fn name(log: &LogRecord) -> String {
    match log.body.as_ref().and_then(|body| body.value.as_ref()) {
        Some(Value::StringValue(text)) => rules::quoted(text),
        _ => rules::quoted(&log.event_name),
    }
}
