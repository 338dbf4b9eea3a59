//! `loadgen`: a load for any OTLP server.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::{Result, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use mahavishnu_pipeline::Signal;
use serde::Serialize;
use tokio::time::Instant;

use crate::{
    cli::{self, Protocol},
    loadgen::{
        self, Load, Sent,
        arrived::{Api, Arrived},
        sender::{self, Sender},
    },
    output, render,
};

/// How often the line on the terminal moves.
const TICK: Duration = Duration::from_millis(200);

/// What was sent and what arrived.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub signal: &'static str,
    /// As it can be given again; a text, since not every reader of JSON has 64 bits.
    pub seed: String,
    #[serde(flatten)]
    pub sent: Sent,
    pub records_per_second: f64,
    pub arrived: Option<Arrived>,
}

/// Sends the load, says how it went, and fails where not everything arrived.
pub async fn run(arguments: &cli::Loadgen) -> Result<()> {
    let signal = signal(arguments.signal);
    let protocol = match arguments.protocol {
        Protocol::Http => sender::Protocol::Http,
        Protocol::Grpc => sender::Protocol::Grpc,
    };
    let target = arguments.target.as_deref().unwrap_or(match protocol {
        sender::Protocol::Http => "http://localhost:4318",
        sender::Protocol::Grpc => "http://localhost:4317",
    });
    let seed = arguments.seed.unwrap_or_else(random_seed);
    let load = Load {
        signal,
        seed,
        batch: arguments.batch.into(),
        connections: arguments.connections.into(),
        rate: arguments.rate,
        count: arguments.count,
        duration: arguments.duration(),
    };
    let sender = Sender::new(target, protocol, signal)?;
    let api = arguments.verify.then(|| Api::new(&arguments.api)).transpose()?;
    let before = match &api {
        Some(api) => api.counts(signal).await?,
        None => Vec::new(),
    };
    let begun = Instant::now();
    let sent = with_progress(load, &sender).await?;
    let arrived = match &api {
        Some(api) => Some(api.arrived(signal, &before, seed, begun).await?),
        None => None,
    };
    let records_per_second = sent.rate();
    let report = Report { signal: signal.name(), seed: format!("{seed}"), sent, records_per_second, arrived };
    if arguments.json {
        output::json(&report)?;
    } else {
        output::text(&render::loadgen(&report))?;
    }
    complete(&report)
}

/// Whether every destination has all that was acknowledged and not rejected.
fn complete(report: &Report) -> Result<()> {
    let Some(arrived) = &report.arrived else { return Ok(()) };
    let expected = report.sent.acknowledged - report.sent.rejected;
    for count in &arrived.destinations {
        ensure!(
            count.stored == expected,
            "{} has {} of {expected} records: somebody else sends as well, or some are lost",
            count.destination,
            count.stored
        );
    }
    Ok(())
}

async fn with_progress(load: Load, sender: &Sender) -> Result<Sent> {
    let acknowledged = Arc::new(AtomicU64::new(0));
    let bar = ProgressBar::new(load.count.unwrap_or(0)).with_message("sending");
    if let Ok(style) =
        ProgressStyle::with_template("{spinner} {msg} {elapsed} {human_pos} records, {per_sec}")
    {
        bar.set_style(style);
    }
    let running = loadgen::run(load, sender, &acknowledged);
    let mut running = std::pin::pin!(running);
    let sent = loop {
        tokio::select! {
            sent = running.as_mut() => break sent,
            () = tokio::time::sleep(TICK) => bar.set_position(acknowledged.load(Ordering::Relaxed)),
        }
    };
    bar.finish_and_clear();
    sent
}

fn signal(signal: cli::SignalName) -> Signal {
    match signal {
        cli::SignalName::Traces => Signal::Traces,
        cli::SignalName::Metrics => Signal::Metrics,
        cli::SignalName::Logs => Signal::Logs,
    }
}

fn random_seed() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    // The keys of the standard library's hash tables are random.
    RandomState::new().hash_one("loadgen")
}
