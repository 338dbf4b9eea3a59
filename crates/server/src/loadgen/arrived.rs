//! What the server says became of the load, asked through its API.

use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};
use mahavishnu_pipeline::Signal;
use reqwest::{Client, Url};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::RUN;
use crate::api::metrics;

/// How long the server may take to bring everything to its destinations.
const PATIENCE: Duration = Duration::from_secs(120);

/// How often it is asked.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// How the names of the server's metrics begin.
const OURS: &str = "mahavishnu_otel_";

/// How long one answer may take: counting rows takes longest.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

/// The API of the server that gets the load.
#[derive(Clone, Debug)]
pub struct Api {
    client: Client,
    url: Url,
}

/// The records of one signal at one destination, before or after.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    pub destination: String,
    pub stored: u64,
    /// Refused for good, dropped, or not meant for it.
    pub lost: u64,
}

/// Where the load is.
#[derive(Clone, Debug, Serialize)]
pub struct Arrived {
    pub destinations: Vec<Count>,
    /// From the first request until nothing waited for a destination any more.
    pub seconds: f64,
    /// Rows in the database, where there is one and it can count them in time.
    pub rows: Option<u64>,
}

impl Api {
    /// The API at this address.
    ///
    /// # Errors
    ///
    /// When it is not an address.
    pub fn new(url: &str) -> Result<Self> {
        let url = Url::parse(url)
            .context("--api takes the address of the server's API, as in http://localhost:4319")?;
        let client = Client::builder().timeout(ANSWER_TIMEOUT).build().context("HTTP can not be set up")?;
        Ok(Self { client, url })
    }

    /// What every destination has of a signal.
    ///
    /// # Errors
    ///
    /// When the server does not say.
    pub async fn counts(&self, signal: Signal) -> Result<Vec<Count>> {
        Ok(counts(&self.metrics().await?, signal).0)
    }

    /// Waits until nothing waits, and says what arrived since `before` of a load that began at `begun`.
    ///
    /// # Errors
    ///
    /// When something still waits after two minutes.
    pub async fn arrived(
        &self,
        signal: Signal,
        before: &[Count],
        seed: u64,
        begun: Instant,
    ) -> Result<Arrived> {
        let until = Instant::now() + PATIENCE;
        let destinations = loop {
            let (counts, waiting) = counts(&self.metrics().await?, signal);
            if waiting == 0 {
                break counts;
            }
            if Instant::now() >= until {
                bail!("{waiting} records still wait for a destination: `mahavishnu-otel status` says why");
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        };
        let seconds = begun.elapsed().as_secs_f64();
        let since = |after: Count| {
            let before = before
                .iter()
                .find(|count| count.destination == after.destination)
                .cloned()
                .unwrap_or_default();
            Count { stored: after.stored - before.stored, lost: after.lost - before.lost, ..after }
        };
        let destinations = destinations.into_iter().map(since).collect();
        Ok(Arrived { destinations, seconds, rows: self.rows(signal, seed).await.ok() })
    }

    /// Rows of this run in the database.
    async fn rows(&self, signal: Signal, seed: u64) -> Result<u64> {
        let view = match signal {
            Signal::Traces => "otel_traces",
            Signal::Metrics => "otel_metrics",
            Signal::Logs => "otel_logs",
        };
        let sql = format!("SELECT count(*) FROM {view} WHERE resource_attributes ->> '{RUN}' = '{seed}'");
        let url = self.url.join("/api/v1/sql")?;
        let body = self.client.post(url).json(&json!({"sql": sql, "params": [], "limit": 1})).send().await?;
        let answer: Value = body.error_for_status()?.json().await?;
        let count = &answer["rows"][0];
        let count = count.get(0).or_else(|| count.get("count")).context("no count")?;
        count.as_u64().or_else(|| count.as_str()?.parse().ok()).context("no number")
    }

    /// The server's metrics, which ask nothing of its database.
    async fn metrics(&self) -> Result<String> {
        let url = self.url.join("/metrics")?;
        let answer = self.client.get(url).send().await.map_err(|error| unanswered(&error))?;
        let text = answer.error_for_status()?.text().await?;
        let ours = text.lines().any(|line| line.starts_with(OURS));
        ensure!(ours, "what answers at --api is no mahavishnu-otel: give the address of its API");
        Ok(text)
    }
}

fn unanswered(error: &reqwest::Error) -> anyhow::Error {
    if error.is_connect() {
        anyhow!(
            "nothing listens at the address of --api: start `mahavishnu-otel serve`, or give the address of its API"
        )
    } else {
        anyhow!(
            "what listens at the address of --api gives no answer: give the address of mahavishnu-otel's API"
        )
    }
}

/// What every destination has of a signal, and how many records wait for one.
fn counts(metrics: &str, signal: Signal) -> (Vec<Count>, u64) {
    let (mut counts, mut waiting) = (Vec::<Count>::new(), 0);
    let records = format!("_{}", metrics::records(signal));
    for line in metrics.lines() {
        let Some((name, destination, number)) = of_destination(line) else { continue };
        let Some(what) = name.strip_suffix("_total").unwrap_or(name).strip_suffix(&records) else { continue };
        let known = counts.iter().position(|count| count.destination == destination);
        let index = known.unwrap_or_else(|| {
            counts.push(Count { destination: destination.to_owned(), ..Count::default() });
            counts.len() - 1
        });
        match what {
            "sent" => counts[index].stored += number,
            "dead_lettered" | "dropped" | "skipped" => counts[index].lost += number,
            "queue" => waiting += number,
            _ => {}
        }
    }
    (counts, waiting)
}

/// A line of the metrics of a destination: what is counted, of which destination, how many.
fn of_destination(line: &str) -> Option<(&str, &str, u64)> {
    let (name, rest) = line.strip_prefix(OURS)?.strip_prefix("exporter_")?.split_once("{destination=\"")?;
    let (destination, number) = rest.split_once("\"} ")?;
    Some((name, destination, number.parse().ok()?))
}
