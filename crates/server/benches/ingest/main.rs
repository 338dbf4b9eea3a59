//! From OTLP/HTTP to committed rows, beside a COPY BINARY of the same rows already encoded, in the same run.
//!
//! `cargo bench --bench ingest` starts the binary on each engine, sends it spans over HTTP from some connections, and
//! prints spans per second, the CPU time of the binary per span (for the embedded engine this holds the database),
//! and the share of what PostgreSQL itself takes: the rows are read out in binary form, the table is emptied, and the
//! same bytes are copied in from as many connections as the binary writes with.

#![expect(clippy::print_stdout, reason = "the table is what a benchmark is for")]

mod copy;
mod load;

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use mahavishnu_store::Location;
use mahavishnu_test_util::{TestDatabase, process::Server};

/// Spans of one run; enough that connecting and the first rows of everything do not show.
const SPANS: usize = 200_000;

/// Requests under way at the same time, as a handful of busy services have.
const SENDERS: usize = 8;

#[derive(Debug)]
struct Outcome {
    engine: &'static str,
    spans: usize,
    elapsed: Duration,
    cpu: Duration,
    copy: Duration,
    bytes: u64,
}

#[tokio::main]
async fn main() -> Result<()> {
    // Cargo passes --bench; a number sets the spans of a run.
    let spans = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(SPANS);
    let requests = load::requests(spans);
    let wire: usize = requests.iter().map(bytes::Bytes::len).sum();
    println!(
        "{spans} spans, {} requests, {} bytes of protobuf per span, {SENDERS} senders",
        requests.len(),
        wire / spans
    );

    let mut outcomes = Vec::new();
    let directory = tempfile::tempdir()?;
    let embedded = format!("embedded:{}", directory.path().join("db").display());
    outcomes.push(run("embedded", &embedded, &requests, spans).await?);
    match TestDatabase::create().await? {
        Some(database) => outcomes.push(run("server", database.url(), &requests, spans).await?),
        None => println!("server: not measured"),
    }
    print(&outcomes);
    Ok(())
}

async fn run(
    engine: &'static str,
    storage: &str,
    requests: &[bytes::Bytes],
    spans: usize,
) -> Result<Outcome> {
    let server = Server::start(env!("CARGO_BIN_EXE_mahavishnu-otel"), storage).await?;
    let before = server.cpu()?;
    let begun = Instant::now();
    load::send(server.http(), requests, SENDERS).await.context("sending")?;
    server.settled().await?;
    let elapsed = begun.elapsed();
    let cpu = server.cpu()? - before;
    server.stop().await?;
    let (copy, bytes) = copy::measure(&Location::parse(storage)?, spans).await.context("copying")?;
    Ok(Outcome { engine, spans, elapsed, cpu, copy, bytes })
}

fn print(outcomes: &[Outcome]) {
    println!(
        "{:<10} {:>12} {:>16} {:>16} {:>14} {:>11}",
        "engine", "spans/s", "CPU us/span", "COPY spans/s", "share of COPY", "bytes/span"
    );
    for outcome in outcomes {
        let spans = outcome.spans as f64;
        let rate = spans / outcome.elapsed.as_secs_f64();
        let limit = spans / outcome.copy.as_secs_f64();
        println!(
            "{:<10} {:>12.0} {:>16.2} {:>16.0} {:>14.2} {:>11.0}",
            outcome.engine,
            rate,
            outcome.cpu.as_secs_f64() * 1e6 / spans,
            limit,
            rate / limit,
            outcome.bytes as f64 / spans
        );
    }
}
