//! What is recorded: spans with events and links, logs within them, every default kind of metric.

use std::{collections::HashMap, time::SystemTime};

use opentelemetry::{
    Array, Context, Key, KeyValue, StringValue, Value,
    logs::{AnyValue, LogRecord, Logger, Severity},
    metrics::Meter,
    trace::{Link, Span, SpanKind, Status, TraceContextExt, Tracer},
};

/// Attributes of every kind that the API has.
fn attributes() -> Vec<KeyValue> {
    let texts: Vec<StringValue> = vec!["a".into(), "b".into()];
    vec![
        KeyValue::new("text", "gr\u{fc}\u{df}e \u{1f30d}"),
        KeyValue::new("empty", ""),
        KeyValue::new("flag", true),
        KeyValue::new("int", 42),
        KeyValue::new("int.min", i64::MIN),
        KeyValue::new("int.max", i64::MAX),
        KeyValue::new("double", 0.1),
        KeyValue::new("double.whole", 3.0),
        KeyValue::new("double.infinite", f64::INFINITY),
        KeyValue::new("texts", Value::Array(Array::String(texts))),
        KeyValue::new("ints", Value::Array(Array::I64(vec![1, 2, 3]))),
        KeyValue::new("doubles", Value::Array(Array::F64(vec![1.0, 2.5]))),
        KeyValue::new("flags", Value::Array(Array::Bool(vec![true, false]))),
        KeyValue::new("nothing", Value::Array(Array::I64(vec![]))),
    ]
}

/// Two traces, the second linked to the first; logs are recorded within a span.
pub fn spans(tracer: &impl Tracer<Span: Span + Send + Sync + 'static>, logger: &impl Logger) {
    let mut root = tracer
        .span_builder("checkout")
        .with_kind(SpanKind::Server)
        .with_attributes(attributes())
        .start(tracer);
    root.add_event(
        "cache miss",
        vec![KeyValue::new("key", "user:1"), KeyValue::new("size", 12), KeyValue::new("share", 0.5)],
    );
    root.add_event("no attributes", vec![]);
    let first = root.span_context().clone();
    let outer = Context::new().with_span(root);

    let mut query =
        tracer.span_builder("SELECT orders").with_kind(SpanKind::Client).start_with_context(tracer, &outer);
    query.set_attribute(KeyValue::new("db.system.name", "postgresql"));
    query.set_status(Status::Ok);
    query.end();

    let pay = tracer.span_builder("pay").with_kind(SpanKind::Client).start_with_context(tracer, &outer);
    let inner = outer.with_span(pay);
    {
        let _attached = inner.clone().attach();
        logs(logger);
    }
    inner.span().record_error(&std::io::Error::other("card declined: 4000 0000"));
    inner.span().set_status(Status::error("payment failed"));
    inner.span().end();
    outer.span().end();

    let links =
        vec![Link::new(first.clone(), vec![KeyValue::new("why", "follows")], 0), Link::with_context(first)];
    let mut ship = tracer.span_builder("ship").with_kind(SpanKind::Consumer).with_links(links).start(tracer);
    ship.end();
}

fn logs(logger: &impl Logger) {
    let mut refused = logger.create_log_record();
    refused.set_timestamp(SystemTime::now());
    refused.set_severity_number(Severity::Error);
    refused.set_severity_text("ERROR");
    refused.set_body("payment refused for order 17".into());
    let mut nested: HashMap<Key, AnyValue> = HashMap::new();
    nested.insert("a".into(), AnyValue::ListAny(Box::new(vec![1.into(), "two".into(), 3.0.into()])));
    refused.add_attribute("nested", AnyValue::Map(Box::new(nested)));
    refused.add_attribute("raw", AnyValue::Bytes(Box::new(vec![0, 255])));
    refused.add_attribute("int", 7);
    logger.emit(refused);

    let mut structured = logger.create_log_record();
    structured.set_severity_number(Severity::Info);
    let body: HashMap<Key, AnyValue> =
        HashMap::from([("message".into(), "structured".into()), ("share".into(), 2.5.into())]);
    structured.set_body(AnyValue::Map(Box::new(body)));
    logger.emit(structured);

    let mut event = logger.create_log_record();
    event.set_timestamp(SystemTime::now());
    event.set_event_name("order.delayed");
    event.set_severity_number(Severity::Warn);
    event.set_body("an event".into());
    event.add_attribute("minutes", 5);
    logger.emit(event);
}

/// A counter of ints and one of doubles, an up-down counter, a histogram, a gauge.
pub fn metrics(meter: &Meter, prefix: &str) {
    let counter =
        meter.u64_counter(format!("{prefix}.counter")).with_unit("1").with_description("orders").build();
    counter.add(1, &[KeyValue::new("status", "ok")]);
    counter.add(2, &[KeyValue::new("status", "ok")]);
    counter.add(5, &[KeyValue::new("status", "failed"), KeyValue::new("code", 500)]);
    let up_down = meter.i64_up_down_counter(format!("{prefix}.updown")).with_unit("{item}").build();
    up_down.add(10, &[]);
    up_down.add(-3, &[]);
    meter.f64_counter(format!("{prefix}.seconds")).with_unit("s").build().add(0.5, &[]);
    let histogram =
        meter.f64_histogram(format!("{prefix}.histogram")).with_unit("ms").with_description("duration");
    let histogram = histogram.build();
    for value in [0.4, 7.0, 12.5, 800.0, 20_000.0] {
        histogram.record(value, &[KeyValue::new("route", "/pay")]);
    }
    let gauge = meter.f64_gauge(format!("{prefix}.gauge")).with_unit("By").build();
    gauge.record(-17.0, &[KeyValue::new("pool", "a")]);
    gauge.record(2.5, &[KeyValue::new("pool", "b")]);
}
