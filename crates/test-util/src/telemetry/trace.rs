//! Any request of spans.

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    trace::v1::{
        ResourceSpans, ScopeSpans, Span, Status,
        span::{Event, Link},
    },
};
use proptest::{
    collection::vec,
    prelude::{BoxedStrategy, Strategy, any},
};

use super::value::{
    attributes, dropped, enum_number, id, optional_id, resource, schema_url, scope, text, time,
};

/// Names of span kinds, and of status codes.
const KINDS: i32 = 6;
const STATUS_CODES: i32 = 3;

/// Any request of spans; it may hold none.
pub fn traces_request() -> BoxedStrategy<ExportTraceServiceRequest> {
    let scope_spans = (scope(), vec(span(), 0..4), schema_url())
        .prop_map(|(scope, spans, schema_url)| ScopeSpans { scope, spans, schema_url });
    let resource_spans = (resource(), vec(scope_spans, 0..3), schema_url())
        .prop_map(|(resource, scope_spans, schema_url)| ResourceSpans { resource, scope_spans, schema_url });
    vec(resource_spans, 0..3).prop_map(|resource_spans| ExportTraceServiceRequest { resource_spans }).boxed()
}

/// Any span. It may end before it starts.
pub fn span() -> BoxedStrategy<Span> {
    let ids = (id(16), id(8), optional_id(8), text());
    let basics = (any::<u32>(), text(), enum_number(KINDS), time(), time());
    let inner = (attributes(), vec(event(), 0..3), vec(link(), 0..3), proptest::option::of(status()));
    let dropped = (dropped(), dropped(), dropped());
    (ids, basics, inner, dropped)
        .prop_map(|(ids, basics, inner, dropped)| {
            let (trace_id, span_id, parent_span_id, trace_state) = ids;
            let (flags, name, kind, start_time_unix_nano, end_time_unix_nano) = basics;
            let (attributes, events, links, status) = inner;
            let (dropped_attributes_count, dropped_events_count, dropped_links_count) = dropped;
            Span {
                trace_id,
                span_id,
                trace_state,
                parent_span_id,
                flags,
                name,
                kind,
                start_time_unix_nano,
                end_time_unix_nano,
                attributes,
                dropped_attributes_count,
                events,
                dropped_events_count,
                links,
                dropped_links_count,
                status,
            }
        })
        .boxed()
}

fn event() -> BoxedStrategy<Event> {
    (time(), text(), attributes(), dropped())
        .prop_map(|(time_unix_nano, name, attributes, dropped_attributes_count)| Event {
            time_unix_nano,
            name,
            attributes,
            dropped_attributes_count,
        })
        .boxed()
}

fn link() -> BoxedStrategy<Link> {
    (id(16), id(8), text(), attributes(), dropped(), any::<u32>())
        .prop_map(|(trace_id, span_id, trace_state, attributes, dropped_attributes_count, flags)| Link {
            trace_id,
            span_id,
            trace_state,
            attributes,
            dropped_attributes_count,
            flags,
        })
        .boxed()
}

fn status() -> BoxedStrategy<Status> {
    (text(), enum_number(STATUS_CODES)).prop_map(|(message, code)| Status { message, code }).boxed()
}
