//! Our own metrics in Prometheus text, named after the Collector's.

use axum::{extract::State, http::StatusCode, response::IntoResponse};
use mahavishnu_observability::wiring::Destination;
use mahavishnu_pipeline::{Ledger, Signal, breaker, forwarding::Forwarder, ledger::Entry};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric, text::encode},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge},
    registry::Registry,
};
use std::sync::Arc;
use tokio::time::Instant;

use super::Api;

const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

pub(super) async fn text(State(api): State<Api>) -> impl IntoResponse {
    let mut registry = Registry::with_prefix("mahavishnu_otel");
    registry.register_collector(Box::new(Counts(api.ledger)));
    registry.register_collector(Box::new(Destinations(api.destinations)));
    let mut text = String::new();
    match encode(&mut text, &registry) {
        Ok(()) => Ok(([("content-type", CONTENT_TYPE)], text)),
        Err(_) => Err(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

/// The ledger, read when it is asked for.
#[derive(Debug)]
struct Counts(Arc<Ledger>);

/// The circuit breakers and what waits, read when it is asked for.
#[derive(Debug)]
struct Destinations(Vec<Destination>);

/// A gauge or counter of each destination: how it is called, what it means, what it is.
type Reading = (&'static str, &'static str, MetricType, fn(&Destination) -> Option<u64>);

const READINGS: [Reading; 4] = [
    (
        "exporter_circuit_breaker_state",
        "State of the circuit breaker: 0 closed, 1 half-open, 2 open",
        MetricType::Gauge,
        |destination| {
            Some(match destination.breaker.snapshot(Instant::now()).state {
                breaker::State::Closed => 0,
                breaker::State::HalfOpen => 1,
                breaker::State::Open => 2,
            })
        },
    ),
    (
        "exporter_circuit_breaker_opened",
        "How often the circuit breaker opened",
        MetricType::Counter,
        |destination| Some(destination.breaker.snapshot(Instant::now()).opened),
    ),
    ("exporter_queue_batches", "Batches that wait", MetricType::Gauge, |destination| {
        destination.forwarder.as_ref().map(Forwarder::waiting_batches)
    }),
    (
        "exporter_dropped_batches",
        "Batches dropped because too many waited",
        MetricType::Counter,
        |destination| destination.forwarder.as_ref().map(Forwarder::lost_batches),
    ),
];

impl Collector for Destinations {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), std::fmt::Error> {
        for (name, help, kind, read) in READINGS {
            let mut family = encoder.encode_descriptor(name, help, None, kind)?;
            for destination in &self.0 {
                let Some(value) = read(destination) else { continue };
                let labels = [("destination", destination.breaker.destination())];
                let metric = family.encode_family(&labels)?;
                match kind {
                    MetricType::Counter => ConstCounter::new(value).encode(metric)?,
                    _ => ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX)).encode(metric)?,
                }
            }
        }
        Ok(())
    }
}

/// A counter of the ledger: how its name begins, what it means, where it is.
type Column = (&'static str, &'static str, fn(Entry) -> u64);

const COUNTERS: [Column; 3] = [
    ("receiver_accepted", "Records acknowledged to their senders", |entry| entry.stored),
    ("receiver_refused", "Records whose senders were told to come again or that they are refused", |entry| {
        entry.refused
    }),
    ("receiver_rejected", "Records that can not be kept, told in a partial success", |entry| entry.rejected),
];

impl Collector for Counts {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), std::fmt::Error> {
        for signal in Signal::ALL {
            let entry = self.0.entry(signal);
            let records = match signal {
                Signal::Traces => "spans",
                Signal::Metrics => "metric_points",
                Signal::Logs => "log_records",
            };
            for (name, help, read) in COUNTERS {
                let counter = ConstCounter::new(read(entry));
                let name = format!("{name}_{records}");
                counter.encode(encoder.encode_descriptor(&name, help, None, MetricType::Counter)?)?;
            }
            let waiting = ConstGauge::new(i64::try_from(entry.waiting).unwrap_or(i64::MAX));
            let name = format!("exporter_queue_{records}");
            let help = "Records taken and not answered yet";
            waiting.encode(encoder.encode_descriptor(&name, help, None, MetricType::Gauge)?)?;
        }
        Ok(())
    }
}
