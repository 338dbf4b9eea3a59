//! Spans.

use opentelemetry_proto::tonic::trace::v1 as otlp;
use serde::Deserialize;

use super::{
    common::{Attributes, Resource, Scope},
    scalar::{Hex, Nullable, Number, list},
};

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ResourceSpans {
    resource: Option<Resource>,
    scope_spans: Nullable<Vec<ScopeSpans>>,
    schema_url: Nullable<String>,
}

impl From<ResourceSpans> for otlp::ResourceSpans {
    fn from(group: ResourceSpans) -> Self {
        Self {
            resource: group.resource.map(Into::into),
            scope_spans: list(group.scope_spans.0),
            schema_url: group.schema_url.0,
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ScopeSpans {
    scope: Option<Scope>,
    spans: Nullable<Vec<Span>>,
    schema_url: Nullable<String>,
}

impl From<ScopeSpans> for otlp::ScopeSpans {
    fn from(group: ScopeSpans) -> Self {
        Self {
            scope: group.scope.map(Into::into),
            spans: list(group.spans.0),
            schema_url: group.schema_url.0,
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Span {
    trace_id: Hex,
    span_id: Hex,
    trace_state: Nullable<String>,
    parent_span_id: Hex,
    flags: Number<u32>,
    name: Nullable<String>,
    kind: Number<i32>,
    start_time_unix_nano: Number<u64>,
    end_time_unix_nano: Number<u64>,
    attributes: Attributes,
    dropped_attributes_count: Number<u32>,
    events: Nullable<Vec<Event>>,
    dropped_events_count: Number<u32>,
    links: Nullable<Vec<Link>>,
    dropped_links_count: Number<u32>,
    status: Option<Status>,
}

impl From<Span> for otlp::Span {
    fn from(span: Span) -> Self {
        Self {
            trace_id: span.trace_id.0,
            span_id: span.span_id.0,
            trace_state: span.trace_state.0,
            parent_span_id: span.parent_span_id.0,
            flags: span.flags.0,
            name: span.name.0,
            kind: span.kind.0,
            start_time_unix_nano: span.start_time_unix_nano.0,
            end_time_unix_nano: span.end_time_unix_nano.0,
            attributes: list(span.attributes.0),
            dropped_attributes_count: span.dropped_attributes_count.0,
            events: list(span.events.0),
            dropped_events_count: span.dropped_events_count.0,
            links: list(span.links.0),
            dropped_links_count: span.dropped_links_count.0,
            status: span.status.map(Into::into),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Event {
    time_unix_nano: Number<u64>,
    name: Nullable<String>,
    attributes: Attributes,
    dropped_attributes_count: Number<u32>,
}

impl From<Event> for otlp::span::Event {
    fn from(event: Event) -> Self {
        Self {
            time_unix_nano: event.time_unix_nano.0,
            name: event.name.0,
            attributes: list(event.attributes.0),
            dropped_attributes_count: event.dropped_attributes_count.0,
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Link {
    trace_id: Hex,
    span_id: Hex,
    trace_state: Nullable<String>,
    attributes: Attributes,
    dropped_attributes_count: Number<u32>,
    flags: Number<u32>,
}

impl From<Link> for otlp::span::Link {
    fn from(link: Link) -> Self {
        Self {
            trace_id: link.trace_id.0,
            span_id: link.span_id.0,
            trace_state: link.trace_state.0,
            attributes: list(link.attributes.0),
            dropped_attributes_count: link.dropped_attributes_count.0,
            flags: link.flags.0,
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Status {
    message: Nullable<String>,
    code: Number<i32>,
}

impl From<Status> for otlp::Status {
    fn from(status: Status) -> Self {
        Self { message: status.message.0, code: status.code.0 }
    }
}
