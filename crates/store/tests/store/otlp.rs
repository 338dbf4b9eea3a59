//! What was sent and what was read back, in one form that can be compared.
//!
//! Each record becomes one text with all that OTLP says of it, its resource and its scope. Attributes are sorted, for
//! their order says nothing; a message that is absent equals one that is empty, as protobuf has it.

use mahavishnu_store::{
    attributes::{attributes_from_json, value_from_json},
    query::{LogRecord, Resource as StoredResource, Scope as StoredScope, Span as StoredSpan},
};
use opentelemetry_proto::tonic::{
    collector::{logs::v1::ExportLogsServiceRequest, trace::v1::ExportTraceServiceRequest},
    common::v1::{AnyValue, EntityRef, InstrumentationScope, KeyValue, any_value::Value},
    logs::v1::LogRecord as OtlpLog,
    resource::v1::Resource,
    trace::v1::{
        Span, Status,
        span::{Event, Link},
    },
};
use serde_json::Value as Json;

/// Where a record was sent from: its resource and scope, each with the URL of its schema.
pub fn sent_source(
    resource: Option<&Resource>,
    resource_schema: &str,
    scope: Option<&InstrumentationScope>,
    scope_schema: &str,
) -> String {
    let mut resource = resource.cloned().unwrap_or_default();
    sort(&mut resource.attributes);
    let mut scope = scope.cloned().unwrap_or_default();
    sort(&mut scope.attributes);
    format!("{resource:?} {resource_schema:?} {scope:?} {scope_schema:?}")
}

/// The same of a record that was read back.
pub fn stored_source(resource: &StoredResource, scope: &StoredScope) -> String {
    let resource_schema =
        original(&resource.extra, "schema_url", resource.schema_url.as_deref().unwrap_or_default());
    let scope_schema = original(&scope.extra, "schema_url", scope.schema_url.as_deref().unwrap_or_default());
    let resource = Resource {
        attributes: attributes(&resource.attributes),
        dropped_attributes_count: count(&resource.extra, "dropped_attributes_count"),
        entity_refs: list(&resource.extra, "entity_refs").iter().map(entity_ref).collect(),
    };
    let scope = InstrumentationScope {
        name: original(&scope.extra, "name", &scope.name),
        version: original(&scope.extra, "version", scope.version.as_deref().unwrap_or_default()),
        attributes: attributes(&scope.attributes),
        dropped_attributes_count: count(&scope.extra, "dropped_attributes_count"),
    };
    format!("{resource:?} {resource_schema:?} {scope:?} {scope_schema:?}")
}

/// Every span of a request.
pub fn sent_spans(request: &ExportTraceServiceRequest) -> Vec<String> {
    let mut all = Vec::new();
    for group in &request.resource_spans {
        for scope in &group.scope_spans {
            let source = sent_source(
                group.resource.as_ref(),
                &group.schema_url,
                scope.scope.as_ref(),
                &scope.schema_url,
            );
            for span in &scope.spans {
                let mut span = span.clone();
                sort(&mut span.attributes);
                span.events.iter_mut().for_each(|event| sort(&mut event.attributes));
                span.links.iter_mut().for_each(|link| sort(&mut link.attributes));
                span.status = Some(span.status.unwrap_or_default());
                all.push(format!("{source} {span:?}"));
            }
        }
    }
    all.sort();
    all
}

/// A span that was read back.
pub fn stored_span(span: &StoredSpan) -> String {
    let extra = &span.extra;
    let otlp = Span {
        trace_id: span.trace_id.0.to_vec(),
        span_id: span.span_id.0.to_vec(),
        trace_state: string(extra, "trace_state"),
        parent_span_id: span.parent_span_id.map(|id| id.0.to_vec()).unwrap_or_default(),
        flags: span.flags,
        name: original(extra, "name", &span.name),
        kind: number(extra, "kind").unwrap_or(span.kind),
        start_time_unix_nano: span.start_time.0,
        end_time_unix_nano: span.end_time.0,
        attributes: attributes(&span.attributes),
        dropped_attributes_count: count(extra, "dropped_attributes_count"),
        events: items(&span.events).iter().map(event).collect(),
        dropped_events_count: count(extra, "dropped_events_count"),
        links: items(&span.links).iter().map(link).collect(),
        dropped_links_count: count(extra, "dropped_links_count"),
        status: Some(Status {
            message: original(extra, "status_message", span.status_message.as_deref().unwrap_or_default()),
            code: number(extra, "status").unwrap_or(span.status),
        }),
    };
    format!("{} {otlp:?}", stored_source(&span.resource, &span.scope))
}

/// Every log record of a request.
pub fn sent_logs(request: &ExportLogsServiceRequest) -> Vec<String> {
    let mut all = Vec::new();
    for group in &request.resource_logs {
        for scope in &group.scope_logs {
            let source = sent_source(
                group.resource.as_ref(),
                &group.schema_url,
                scope.scope.as_ref(),
                &scope.schema_url,
            );
            for log in &scope.log_records {
                let mut log = log.clone();
                sort(&mut log.attributes);
                let mut body = log.body.unwrap_or_default();
                sort_value(&mut body);
                log.body = Some(body);
                all.push(format!("{source} {log:?}"));
            }
        }
    }
    all.sort();
    all
}

/// A log record that was read back.
pub fn stored_log(log: &LogRecord) -> String {
    let extra = &log.extra;
    let mut body = match (&log.body, extra.get("message"), &log.message) {
        (Some(body), _, _) => value_from_json(body),
        (None, Some(message), _) => value_from_json(message),
        (None, None, Some(message)) => AnyValue { value: Some(Value::StringValue(message.clone())) },
        (None, None, None) => AnyValue::default(),
    };
    sort_value(&mut body);
    let otlp = OtlpLog {
        time_unix_nano: if extra.get("time").is_some() { 0 } else { log.time.0 },
        observed_time_unix_nano: log.observed_time.map_or(0, |time| time.0),
        severity_number: number(extra, "severity_number").unwrap_or(log.severity_number),
        severity_text: original(extra, "severity_text", log.severity_text.as_deref().unwrap_or_default()),
        body: Some(body),
        attributes: attributes(&log.attributes),
        dropped_attributes_count: count(extra, "dropped_attributes_count"),
        flags: log.flags,
        trace_id: log.trace_id.map(|id| id.0.to_vec()).unwrap_or_default(),
        span_id: log.span_id.map(|id| id.0.to_vec()).unwrap_or_default(),
        event_name: original(extra, "event_name", log.event_name.as_deref().unwrap_or_default()),
    };
    format!("{} {otlp:?}", stored_source(&log.resource, &log.scope))
}

fn entity_ref(json: &Json) -> EntityRef {
    let keys = |field| list(json, field).iter().map(text).collect();
    EntityRef {
        schema_url: string(json, "schema_url"),
        r#type: string(json, "type"),
        id_keys: keys("id_keys"),
        description_keys: keys("description_keys"),
    }
}

fn event(json: &Json) -> Event {
    Event {
        time_unix_nano: json["time"].as_u64().expect("a time"),
        name: string(json, "name"),
        attributes: attributes(&json["attributes"]),
        dropped_attributes_count: count(json, "dropped_attributes_count"),
    }
}

fn link(json: &Json) -> Link {
    Link {
        trace_id: const_hex::decode(string(json, "trace_id")).expect("hex"),
        span_id: const_hex::decode(string(json, "span_id")).expect("hex"),
        trace_state: string(json, "trace_state"),
        attributes: attributes(&json["attributes"]),
        dropped_attributes_count: count(json, "dropped_attributes_count"),
        flags: count(json, "flags"),
    }
}

/// Attributes in the order that [`sort`] gives those that were sent.
pub fn attributes(json: &Json) -> Vec<KeyValue> {
    let mut attributes = attributes_from_json(json);
    sort(&mut attributes);
    attributes
}

/// Brings attributes into one order, all the way down.
pub fn sort(attributes: &mut [KeyValue]) {
    for attribute in attributes.iter_mut() {
        sort_value(attribute.value.get_or_insert_default());
    }
    attributes.sort_by_cached_key(|attribute| format!("{:?} {:?}", attribute.key, attribute.value));
}

fn sort_value(value: &mut AnyValue) {
    match &mut value.value {
        Some(Value::ArrayValue(array)) => array.values.iter_mut().for_each(sort_value),
        Some(Value::KvlistValue(list)) => sort(&mut list.values),
        _ => {}
    }
}

/// A text column, or its original where it holds NUL.
pub fn original(extra: &Json, field: &str, column: &str) -> String {
    extra.get(field).map_or_else(|| column.to_owned(), text)
}

fn text(json: &Json) -> String {
    match value_from_json(json).value {
        Some(Value::StringValue(text)) => text,
        other => panic!("not a text: {other:?}"),
    }
}

fn string(json: &Json, field: &str) -> String {
    json.get(field).map(text).unwrap_or_default()
}

pub fn number(extra: &Json, field: &str) -> Option<i32> {
    extra.get(field).map(|value| i32::try_from(value.as_i64().expect("a number")).expect("an i32"))
}

fn count(json: &Json, field: &str) -> u32 {
    json.get(field).map_or(0, |value| u32::try_from(value.as_u64().expect("a count")).expect("a u32"))
}

fn list<'a>(json: &'a Json, field: &str) -> &'a [Json] {
    json.get(field).map(items).unwrap_or_default()
}

pub fn items(json: &Json) -> &[Json] {
    json.as_array().map(Vec::as_slice).unwrap_or_default()
}
