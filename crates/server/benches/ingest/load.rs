//! Spans as a service sends them: eight to a trace, twelve attributes, two in a hundred failing with an exception.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use anyhow::{Result, ensure};
use bytes::Bytes;
use mahavishnu_test_util::process::client;
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value},
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span, Status, span::Event},
};
use prost::Message;

/// What an SDK sends at once by default.
const SPANS_PER_REQUEST: usize = 512;

const SPANS_PER_TRACE: usize = 8;

/// One span in so many fails.
const FAILING: usize = 50;

/// Requests that hold `spans` spans in all, the same each time but for their start: now.
pub fn requests(spans: usize) -> Vec<Bytes> {
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |time| time.as_nanos() as u64);
    (0..spans)
        .step_by(SPANS_PER_REQUEST)
        .map(|first| {
            let spans =
                (first..spans.min(first + SPANS_PER_REQUEST)).map(|index| span(index as u64, now)).collect();
            let scope = InstrumentationScope { name: "bench".to_owned(), ..InstrumentationScope::default() };
            let resource = Resource {
                attributes: vec![text("service.name", "checkout"), text("host.name", "node-1")],
                ..Resource::default()
            };
            let scope = ScopeSpans { scope: Some(scope), spans, ..ScopeSpans::default() };
            let group = ResourceSpans {
                resource: Some(resource),
                scope_spans: vec![scope],
                ..ResourceSpans::default()
            };
            ExportTraceServiceRequest { resource_spans: vec![group] }.encode_to_vec().into()
        })
        .collect()
}

fn span(index: u64, now: u64) -> Span {
    let mixed = (index + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let trace = (index / SPANS_PER_TRACE as u64 + 1).wrapping_mul(0xd6e8_feb8_6659_fd93);
    let failing = index.is_multiple_of(FAILING as u64);
    let start = now + index * 1000;
    Span {
        trace_id: [trace.to_be_bytes(), trace.rotate_left(17).to_be_bytes()].concat(),
        span_id: mixed.to_be_bytes().to_vec(),
        parent_span_id: if index.is_multiple_of(SPANS_PER_TRACE as u64) {
            vec![]
        } else {
            (mixed ^ 1).to_be_bytes().to_vec()
        },
        name: ["GET /cart", "SELECT orders", "charge card", "publish event"][(index % 4) as usize].to_owned(),
        kind: (index % 5 + 1) as i32,
        start_time_unix_nano: start,
        end_time_unix_nano: start + mixed % 50_000_000,
        attributes: attributes(index, mixed),
        events: if failing { vec![exception(start)] } else { vec![] },
        status: Some(Status { message: String::new(), code: if failing { 2 } else { 0 } }),
        ..Span::default()
    }
}

fn attributes(index: u64, mixed: u64) -> Vec<KeyValue> {
    vec![
        text("http.request.method", "GET"),
        text("url.path", "/api/cart"),
        int("http.response.status_code", 200),
        text("server.address", "cart.internal"),
        int("server.port", 8080),
        text("network.protocol.version", "1.1"),
        text("user.id", &format!("user-{}", mixed % 10_000)),
        text("session.id", &format!("{mixed:016x}")),
        int("cart.items", (index % 20) as i64),
        text("feature", "new-checkout"),
        int("thread.id", (index % 64) as i64),
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

fn text(key: &str, value: &str) -> KeyValue {
    attribute(key, Value::StringValue(value.to_owned()))
}

fn int(key: &str, value: i64) -> KeyValue {
    attribute(key, Value::IntValue(value))
}

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}

/// Sends all requests from so many senders and returns when each was answered with success.
pub async fn send(http: &str, requests: &[Bytes], senders: usize) -> Result<()> {
    let url = format!("{http}/v1/traces");
    let requests: Arc<Vec<Bytes>> = Arc::new(requests.to_vec());
    let next = Arc::new(AtomicUsize::new(0));
    let client = client();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..senders {
        let (url, requests, next, client) =
            (url.clone(), Arc::clone(&requests), Arc::clone(&next), client.clone());
        tasks.spawn(async move {
            while let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
                let answer = client
                    .post(&url)
                    .header("content-type", "application/x-protobuf")
                    .body(request.clone())
                    .send()
                    .await?;
                ensure!(answer.status().is_success(), "answered {}", answer.status());
            }
            Ok(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(())
}
