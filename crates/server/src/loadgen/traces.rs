//! Spans: eight to a trace, twelve attributes, two in a hundred failing with an exception.

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::KeyValue,
    trace::v1::{ResourceSpans, ScopeSpans, Span, Status, span::Event},
};
use prost::Message;

use super::{
    random::{int, mix, resource, scope, text},
    template::Marks,
};

const SPANS_PER_TRACE: u64 = 8;

/// One span in so many fails.
const FAILING: u64 = 50;

/// Status code ERROR of OTLP.
const ERROR: i32 = 2;

/// Nanoseconds from one span to the next.
const STEP: u64 = 1000;

/// The longest that one takes.
const LONGEST: u64 = 50_000_000;

const NAMES: [&str; 4] = ["GET /cart", "SELECT orders", "charge card", "publish event"];

pub fn request(run: &str, seed: u64, records: u64, marks: &mut Marks) -> Vec<u8> {
    let spans = (0..records).map(|index| span(index, mix(seed ^ index << 32), marks)).collect();
    let scope_spans = vec![ScopeSpans { scope: Some(scope()), spans, ..ScopeSpans::default() }];
    let group =
        ResourceSpans { resource: Some(resource(run, seed)), scope_spans, ..ResourceSpans::default() };
    ExportTraceServiceRequest { resource_spans: vec![group] }.encode_to_vec()
}

fn span(index: u64, mixed: u64, marks: &mut Marks) -> Span {
    let (trace, within) = (index / SPANS_PER_TRACE, index % SPANS_PER_TRACE);
    let failing = mixed.is_multiple_of(FAILING);
    let start = index * STEP;
    Span {
        trace_id: marks.trace(trace),
        span_id: marks.span(index),
        // The first has no parent; the others hang below it as a tree of two branches.
        parent_span_id: if within == 0 { Vec::new() } else { marks.span(index - within + within / 2) },
        name: NAMES[(index % 4) as usize].to_owned(),
        kind: (index % 5 + 1) as i32,
        start_time_unix_nano: marks.time(start),
        end_time_unix_nano: marks.time(start + mixed % LONGEST),
        attributes: attributes(mixed, marks.hex(index)),
        events: if failing { vec![exception(marks.time(start))] } else { Vec::new() },
        status: Some(Status { message: String::new(), code: if failing { ERROR } else { 0 } }),
        ..Span::default()
    }
}

fn attributes(mixed: u64, session: String) -> Vec<KeyValue> {
    vec![
        text("http.request.method", "GET"),
        text("url.path", "/api/cart"),
        int("http.response.status_code", 200),
        text("server.address", "cart.internal"),
        int("server.port", 8080),
        text("network.protocol.version", "1.1"),
        text("user.id", &format!("user-{}", mixed % 10_000)),
        text("session.id", &session),
        int("cart.items", mixed % 20),
        text("feature", "new-checkout"),
        int("thread.id", mixed % 64),
        text("region", "eu-west-1"),
    ]
}

fn exception(time: u64) -> Event {
    Event {
        time_unix_nano: time,
        name: "exception".to_owned(),
        attributes: vec![
            text("exception.type", "PaymentDeclined"),
            text("exception.message", "card was declined by the issuer"),
            text("exception.stacktrace", "at charge (payment.rs:42)\nat checkout (cart.rs:17)"),
        ],
        ..Event::default()
    }
}
