//! A load of telemetry for any OTLP server: the same each time for one seed, and cheap to make.
//!
//! | module | answers |
//! |---|---|
//! | [`template`] | requests that are made once and sent often, with other ids and times in their bytes |
//! | `traces`, `logs`, `metrics` | what is in them |
//! | [`sender`] | over HTTP or gRPC, and again where the server has no room |
//! | [`arrived`] | what the server says became of it |
//!
//! Spans come eight to a trace with some twelve attributes each, two in a hundred failing with an exception: some 365
//! bytes of protobuf. Log lines follow a handful of patterns. Every resource has the attribute [`RUN`], so that one
//! load can be told from another.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::Result;
use mahavishnu_pipeline::Signal;
use serde::Serialize;
use tokio::{task::JoinSet, time::Instant};

pub mod arrived;
mod logs;
mod metrics;
mod random;
pub mod sender;
mod template;
mod traces;

use sender::Sender;
use template::{Marks, Template};

/// The attribute of every resource that says which run it is of.
pub const RUN: &str = "loadgen.run";

/// Different requests that are sent in turn: enough that no two in a row are alike.
const TEMPLATES: u64 = 16;

/// What is to be sent.
#[derive(Clone, Debug)]
pub struct Load {
    pub signal: Signal,
    /// Decides every id and every value.
    pub seed: u64,
    /// Records of one request.
    pub batch: u64,
    /// Requests under way at the same time, each on a connection of its own.
    pub connections: usize,
    /// Records per second; as many as are taken where it is `None`.
    pub rate: Option<f64>,
    /// Where it ends: after so many records or so much time, whichever comes first.
    pub count: Option<u64>,
    pub duration: Option<Duration>,
}

/// What was sent, and how it went.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Sent {
    /// Records in requests that were answered with success.
    pub acknowledged: u64,
    /// Of these, records that the server would not keep.
    pub rejected: u64,
    /// Requests that were answered with success.
    pub requests: u64,
    /// Bytes of protobuf in them.
    pub bytes: u64,
    /// How often the server had no room and the same request was sent again.
    pub sent_again: u64,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// Milliseconds until half of the requests, and all but one in a hundred, were answered.
    pub p50_ms: f64,
    pub p99_ms: f64,
}

impl Sent {
    /// Records per second.
    pub fn rate(&self) -> f64 {
        self.acknowledged as f64 / self.seconds.max(f64::MIN_POSITIVE)
    }

    fn add(&mut self, other: &Self) {
        self.acknowledged += other.acknowledged;
        self.rejected += other.rejected;
        self.requests += other.requests;
        self.bytes += other.bytes;
        self.sent_again += other.sent_again;
    }
}

/// What the connections share.
#[derive(Debug)]
struct Plan {
    load: Load,
    templates: Vec<Template>,
    /// For the request that is smaller than the others, so that the count is exact.
    last: Option<Template>,
    next: AtomicU64,
    acknowledged: Arc<AtomicU64>,
    begun: Instant,
}

/// Sends the load from as many connections as it says; `acknowledged` counts along.
///
/// # Errors
///
/// When the server can not be reached or refuses a request for good.
pub async fn run(load: Load, sender: &Sender, acknowledged: &Arc<AtomicU64>) -> Result<Sent> {
    let connections = load.connections;
    let plan = Arc::new(Plan::new(load, Arc::clone(acknowledged)));
    let mut tasks = JoinSet::new();
    for _ in 0..connections {
        tasks.spawn(send(Arc::clone(&plan), sender.another()?));
    }
    let (mut sent, mut times) = (Sent::default(), Vec::new());
    while let Some(done) = tasks.join_next().await {
        let (more, its) = done??;
        sent.add(&more);
        times.extend(its);
    }
    sent.seconds = plan.begun.elapsed().as_secs_f64();
    times.sort_unstable();
    let at = |share: usize| times.get(times.len() * share / 100).copied().unwrap_or_default();
    (sent.p50_ms, sent.p99_ms) = (f64::from(at(50)) / 1000.0, f64::from(at(99)) / 1000.0);
    Ok(sent)
}

impl Plan {
    fn new(load: Load, acknowledged: Arc<AtomicU64>) -> Self {
        let of = |number: u64, records: u64| Template::new(|marks| request(&load, number, records, marks));
        let templates = (0..TEMPLATES).map(|number| of(number, load.batch)).collect();
        let rest = load.count.map_or(0, |count| count % load.batch);
        let last = (rest > 0).then(|| of(TEMPLATES, rest));
        Self { load, templates, last, next: AtomicU64::new(0), acknowledged, begun: Instant::now() }
    }

    /// The next request's number, its records, and when it is due; `None` at the end.
    fn next(&self) -> Option<(u64, u64, Instant)> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let before = number * self.load.batch;
        let records = self
            .load
            .count
            .map_or(self.load.batch, |count| count.saturating_sub(before).min(self.load.batch));
        let due = self.load.rate.map_or(Duration::ZERO, |rate| Duration::from_secs_f64(before as f64 / rate));
        let passed = self.begun.elapsed().max(due);
        let over = records == 0 || self.load.duration.is_some_and(|duration| passed >= duration);
        (!over).then(|| (number, records, self.begun + due))
    }

    fn template(&self, number: u64, records: u64) -> &Template {
        match &self.last {
            Some(last) if records < self.load.batch => last,
            _ => &self.templates[(number % TEMPLATES) as usize],
        }
    }
}

/// Sends what comes next until there is nothing any more; also says how long each request took, in microseconds.
async fn send(plan: Arc<Plan>, sender: Sender) -> Result<(Sent, Vec<u32>)> {
    let (mut sent, mut times) = (Sent::default(), Vec::new());
    while let Some((number, records, due)) = plan.next() {
        tokio::time::sleep_until(due).await;
        let body = plan.template(number, records).fill(plan.load.seed, number, now());
        let (bytes, begun) = (body.len() as u64, Instant::now());
        let answer = sender.send(body).await?;
        times.push(u32::try_from(begun.elapsed().as_micros()).unwrap_or(u32::MAX));
        plan.acknowledged.fetch_add(records, Ordering::Relaxed);
        let (rejected, sent_again) = (answer.rejected, answer.sent_again);
        sent.add(&Sent {
            acknowledged: records,
            rejected,
            requests: 1,
            bytes,
            sent_again,
            ..Sent::default()
        });
    }
    Ok((sent, times))
}

/// The bytes of one request, with marks where ids and times go.
fn request(load: &Load, number: u64, records: u64, marks: &mut Marks) -> Vec<u8> {
    let run = load.seed.to_string();
    match load.signal {
        Signal::Traces => traces::request(&run, load.seed ^ number, records, marks),
        Signal::Logs => logs::request(&run, load.seed ^ number, records, marks),
        Signal::Metrics => metrics::request(&run, load.seed ^ number, records, marks),
    }
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
