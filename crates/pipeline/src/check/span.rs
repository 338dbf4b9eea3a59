//! Spans that can not be kept.

use opentelemetry_proto::tonic::{collector::trace::v1::ExportTraceServiceRequest, trace::v1::Span};

use super::{Findings, rules};

pub(super) fn sift(request: &mut ExportTraceServiceRequest, findings: &mut Findings) {
    for group in &mut request.resource_spans {
        let group_fault = rules::resource(group.resource.as_ref());
        for scope in &mut group.scope_spans {
            let shared_fault = group_fault.clone().or_else(|| rules::scope(scope.scope.as_ref()));
            scope.spans.retain(|span| {
                findings.record(shared_fault.clone().or_else(|| fault(span)), || rules::quoted(&span.name))
            });
        }
    }
}

fn fault(span: &Span) -> Option<String> {
    rules::id("a trace id", &span.trace_id, 16)
        .or_else(|| rules::id("a span id", &span.span_id, 8))
        .or_else(|| rules::optional_id("a parent span id", &span.parent_span_id, 8))
        .or_else(|| rules::attributes("attributes", &span.attributes))
        .or_else(|| {
            span.events.iter().find_map(|event| rules::attributes("event attributes", &event.attributes))
        })
        .or_else(|| span.links.iter().find_map(|link| rules::attributes("link attributes", &link.attributes)))
}
