//! Our own metrics in Prometheus text, named after the Collector's.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use mahavishnu_pipeline::{
    Destination, Intake, Signal, breaker,
    ledger::{Delivered, Received},
};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric, text::encode},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge},
    registry::Registry,
};
use tokio::time::Instant;

use super::Api;
use crate::page;

const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The metrics for a program; for a browser, the page about metrics that were received.
pub(super) async fn text_or_page(state: State<Api>, uri: Uri, headers: HeaderMap) -> Response {
    if page::is_wanted(&headers) {
        return page::index(uri, headers).await;
    }
    let mut response = text(state).await.into_response();
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept"));
    response
}

async fn text(State(api): State<Api>) -> impl IntoResponse {
    let mut registry = Registry::with_prefix("mahavishnu_otel");
    registry.register_collector(Box::new(Senders(api.intake)));
    registry.register_collector(Box::new(Destinations(api.destinations)));
    let mut text = String::new();
    match encode(&mut text, &registry) {
        Ok(()) => Ok(([("content-type", CONTENT_TYPE)], text)),
        Err(_) => Err(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

/// What senders were told and how full the spool is, read when it is asked for.
#[derive(Debug)]
struct Senders(Intake);

/// The circuit breakers and what became of what was given, read when it is asked for.
#[derive(Debug)]
struct Destinations(Vec<Destination>);

/// A gauge or counter of each destination: how it is called, what it means, what it is.
type Reading = (&'static str, &'static str, MetricType, fn(&Destination) -> u64);

const READINGS: [Reading; 3] = [
    (
        "exporter_circuit_breaker_state",
        "State of the circuit breaker: 0 closed, 1 half-open, 2 open",
        MetricType::Gauge,
        |destination| match destination.breaker().snapshot(Instant::now()).state {
            breaker::State::Closed => 0,
            breaker::State::HalfOpen => 1,
            breaker::State::Open => 2,
        },
    ),
    (
        "exporter_circuit_breaker_opened",
        "How often the circuit breaker opened",
        MetricType::Counter,
        |destination| destination.breaker().snapshot(Instant::now()).opened,
    ),
    (
        "exporter_queue_requests",
        "Requests that wait for the destination",
        MetricType::Gauge,
        Destination::waiting_requests,
    ),
];

/// A number for each signal: how its name begins, what it means, what it is, where it is.
type Column<T> = (&'static str, &'static str, MetricType, fn(T) -> u64);

const OF_DESTINATIONS: [Column<Delivered>; 6] = [
    (
        "exporter_given",
        "Records accepted since the start, and those that waited then",
        MetricType::Counter,
        |it| it.given,
    ),
    ("exporter_sent", "Records that the destination has", MetricType::Counter, |it| it.stored),
    ("exporter_queue", "Records that wait for the destination", MetricType::Gauge, |it| it.waiting),
    (
        "exporter_dead_lettered",
        "Records refused for what they hold, and put aside",
        MetricType::Counter,
        |it| it.dead_lettered,
    ),
    (
        "exporter_dropped",
        "Records gone for want of room, or because their disk was damaged",
        MetricType::Counter,
        |it| it.dropped,
    ),
    ("exporter_skipped", "Records that are not meant for the destination", MetricType::Counter, |it| {
        it.skipped
    }),
];

const OF_SENDERS: [Column<Received>; 4] = [
    ("receiver_accepted", "Records that every destination gets", MetricType::Counter, |it| it.accepted),
    ("receiver_refused", "Records whose senders were told to come again", MetricType::Counter, |it| {
        it.refused
    }),
    (
        "receiver_rejected",
        "Records that can not be kept, told in a partial success",
        MetricType::Counter,
        |it| it.rejected,
    ),
    (
        "receiver_repeated",
        "Records that had been accepted before, and were not taken twice",
        MetricType::Counter,
        |it| it.repeated,
    ),
];

/// The word for the records of a signal in the Collector's metrics.
pub(crate) fn records(signal: Signal) -> &'static str {
    match signal {
        Signal::Traces => "spans",
        Signal::Metrics => "metric_points",
        Signal::Logs => "log_records",
    }
}

impl Collector for Destinations {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), std::fmt::Error> {
        for (name, help, kind, read) in READINGS {
            let mut family = encoder.encode_descriptor(name, help, None, kind)?;
            for destination in &self.0 {
                let labels = [("destination", destination.name())];
                number(kind, read(destination), family.encode_family(&labels)?)?;
            }
        }
        for signal in Signal::ALL {
            let delivered: Vec<_> = self.0.iter().map(|it| (it.name(), it.ledger(signal))).collect();
            for (name, help, kind, read) in OF_DESTINATIONS {
                let name = format!("{name}_{}", records(signal));
                let mut family = encoder.encode_descriptor(&name, help, None, kind)?;
                for (destination, delivered) in &delivered {
                    let labels = [("destination", *destination)];
                    number(kind, read(*delivered), family.encode_family(&labels)?)?;
                }
            }
        }
        Ok(())
    }
}

impl Collector for Senders {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), std::fmt::Error> {
        for signal in Signal::ALL {
            let received = self.0.ledger().received(signal);
            for (name, help, kind, read) in OF_SENDERS {
                let name = format!("{name}_{}", records(signal));
                number(kind, read(received), encoder.encode_descriptor(&name, help, None, kind)?)?;
            }
        }
        let spool = self.0.spool();
        let sizes = [
            ("spool_used_bytes", "Bytes that wait for some destination", spool.used_bytes()),
            ("spool_budget_bytes", "Bytes that may wait", spool.budget_bytes()),
        ];
        for (name, help, bytes) in sizes {
            let gauge = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            number(MetricType::Gauge, bytes, gauge)?;
        }
        Ok(())
    }
}

fn number(
    kind: MetricType,
    value: u64,
    metric: prometheus_client::encoding::MetricEncoder<'_>,
) -> Result<(), std::fmt::Error> {
    match kind {
        MetricType::Counter => ConstCounter::new(value).encode(metric),
        _ => ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX)).encode(metric),
    }
}
