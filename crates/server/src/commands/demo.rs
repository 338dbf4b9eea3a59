//! `demo`: a server on a database of its own, fed with a small workload.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use indicatif::ProgressBar;
use mahavishnu_pipeline::Signal;
use reqwest::Client;
use tokio::net::TcpListener;

use super::serve::listening;
use crate::{
    cli::{self, Ask},
    configuration,
    demo::{TICK, Workload, tick, workload},
    output,
    progress::while_waiting,
    render,
    serve::{Running, until_told_to_stop},
    source::Source,
};

/// How long a connection is kept for the next requests: less than the time between two of them, because a receiver closes
/// one that says nothing for as long, and a request on its way then would be lost.
const IDLE: Duration = Duration::from_secs(2);

/// Serves a workload until told to stop; with `--once` stores it, shows one trace and ends.
pub async fn run(arguments: &cli::Demo) -> Result<()> {
    let temporary = tempfile::tempdir().context("no temporary directory can be made")?;
    let directory = arguments.dir.clone().unwrap_or_else(|| temporary.path().join("demo"));
    let flags = cli::Serve {
        storage: Some(format!("embedded:{}", directory.display())),
        grpc: Some(address(arguments.grpc.as_deref(), 4317, arguments.once).await),
        http: Some(address(arguments.http.as_deref(), 4318, arguments.once).await),
        api: Some(address(arguments.api.as_deref(), 4319, arguments.once).await),
    };
    let settings = configuration::load(&configuration::flags(&flags))?.settings;
    let running = while_waiting("making a database", Running::start(&settings)).await?;
    let result = feed_and_show(arguments, &running).await;
    running.stop().await;
    result
}

/// The address that was asked for; otherwise the usual port, or a free one where that is taken or nobody needs it.
async fn address(asked: Option<&str>, port: u16, once: bool) -> String {
    match asked {
        Some(address) => address.to_owned(),
        None if !once && TcpListener::bind(("127.0.0.1", port)).await.is_ok() => format!("127.0.0.1:{port}"),
        None => "127.0.0.1:0".to_owned(),
    }
}

async fn feed_and_show(arguments: &cli::Demo, running: &Running) -> Result<()> {
    let client = Client::builder().pool_idle_timeout(IDLE).build()?;
    let http = &running.addresses().http;
    let seed = now();
    let workload = workload(seed, now());
    feed(&client, http, &workload.requests).await?;
    running.settled().await;
    let ask = Ask { url: Some(running.addresses().api.clone()), ..Ask::default() };
    let source = Source::open(&ask).await?;
    if arguments.once {
        return output::text(&render::trace(&source.trace(&workload.featured_trace).await?));
    }
    output::text(&format!("{}\n{}", listening(running), try_next(running, &workload)))?;
    let stop = until_told_to_stop();
    tokio::pin!(stop);
    for number in 0.. {
        tokio::select! {
            stopped = &mut stop => return stopped,
            () = tokio::time::sleep(TICK) => {}
        }
        for (signal, request) in tick(seed, number, now()) {
            send(&client, http, signal, request).await?;
        }
    }
    Ok(())
}

/// Sends a workload as any SDK would.
async fn feed(client: &Client, http: &str, requests: &[(Signal, Bytes)]) -> Result<()> {
    let bar = ProgressBar::new(requests.len() as u64).with_message("storing a workload");
    for (signal, request) in requests {
        send(client, http, *signal, request.clone()).await?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(())
}

async fn send(client: &Client, http: &str, signal: Signal, request: Bytes) -> Result<()> {
    let answer = client
        .post(format!("{http}/v1/{signal}"))
        .header("content-type", "application/x-protobuf")
        .body(request)
        .send()
        .await
        .context("the demo's server does not answer")?;
    ensure!(answer.status().is_success(), "the demo's server answered {}", answer.status());
    Ok(())
}

fn try_next(running: &Running, workload: &Workload) -> String {
    let Workload { featured_trace, traces, spans, logs, points, .. } = workload;
    let api = &running.addresses().api;
    let url = if api.ends_with(":4319") { String::new() } else { format!(" --url {api}") };
    format!(
        "Stored {traces} traces ({spans} spans), {logs} log records and {points} data points; more come every {} s.\n\
         Try, in another terminal (ctrl-c ends this one):\n\n\
         \x20 mahavishnu-otel traces --errors{url}\n\
         \x20 mahavishnu-otel trace {featured_trace}{url}\n\
         \x20 mahavishnu-otel logs --level error --since 30m{url}\n\
         \x20 mahavishnu-otel metrics{url}\n\
         \x20 mahavishnu-otel sql \"SELECT service, name, count(*), max(duration_ms) FROM otel_traces GROUP BY 1, 2 ORDER BY 4 DESC LIMIT 10\"{url}\n\
         \x20 mahavishnu-otel status{url}\n\n\
         (mahavishnu-otel is target/release/mahavishnu-otel, or cargo run --release --bin mahavishnu-otel --)\n",
        TICK.as_secs(),
    )
}

fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_nanos()).unwrap_or(u64::MAX)
}
