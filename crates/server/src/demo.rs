//! A small workload for the demonstration: a workflow orchestrator, the services it calls, and what goes wrong.
//!
//! The orchestrator `mahavishnu` processes repositories: `git-service` fetches them, `llm-gateway` asks a model
//! about them, PostgreSQL keeps the results, `payment-service` charges for them. Everything is random but for the
//! seed: the same seed and time give the same bytes.
//!
//! | module | what it makes |
//! |---|---|
//! | [`scenario`] | one workflow; [`git`], [`llm`], [`payment`], [`database`] are its calls, [`http`] what they share |
//! | [`failures`] | the ways in which it fails, and their exceptions |
//! | [`builder`] | spans and log records; [`services`] says who records them, [`value`] makes attributes |
//! | [`background`] | log records outside traces |
//! | [`measure`], [`metrics`], [`gauges`] | metrics that fit the traces |
//! | [`batches`] | requests |

use bytes::Bytes;
use mahavishnu_pipeline::Signal;
use opentelemetry_proto::tonic::{
    logs::v1::LogRecord,
    trace::v1::{Span, status::StatusCode},
};

use self::{
    batches::Timed,
    builder::{Recorded, Trace},
    failures::Failure,
    metrics::Window,
    random::{MILLISECOND, Random, SECOND},
    scenario::Plan,
    services::{Instance, Service},
};

mod background;
mod batches;
mod builder;
mod database;
mod failures;
mod gauges;
mod git;
mod http;
mod llm;
mod measure;
mod metrics;
mod payment;
mod random;
mod scenario;
mod services;
#[cfg(test)]
mod tests;
mod value;

/// Traces of a workload.
const TRACES: usize = 120;
/// How many of them something goes wrong in: one in seven.
const TROUBLED: usize = 18;
/// The time that a workload covers.
const PERIOD: u64 = 1_800 * SECOND;
/// How often metrics are measured.
const INTERVAL: u64 = 30 * SECOND;
/// Measured windows in one request, as a collector would batch them.
const WINDOWS_PER_REQUEST: usize = 10;
/// The share of later traces in which something goes wrong.
const TROUBLED_PERCENT: u64 = 15;
/// The time that one [`tick`] covers: call it this often.
pub const TICK: std::time::Duration = std::time::Duration::from_secs(10);

/// Streams of random numbers: traces have their number, these have what no trace reaches.
const PLAN_STREAM: u64 = u64::MAX;
const BACKGROUND_STREAM: u64 = u64::MAX - 1;
const GAUGE_STREAM: u64 = u64::MAX - 2;

/// A workload: OTLP requests in the order in which they would arrive, and what is in them.
#[derive(Clone, Debug)]
pub struct Workload {
    /// `Export*ServiceRequest` messages in protobuf.
    pub requests: Vec<(Signal, Bytes)>,
    /// The id, in hexadecimal, of a trace worth looking at: a payment that was declined.
    pub featured_trace: String,
    /// Traces in it.
    pub traces: usize,
    /// Spans in it.
    pub spans: usize,
    /// Log records in it.
    pub logs: usize,
    /// Metric data points in it.
    pub points: usize,
}

/// The workload of the half hour before a time. Trace ids depend on the seed only: whoever stores several workloads
/// in one database gives each its own seed.
pub fn workload(seed: u64, now_unix_nanos: u64) -> Workload {
    let failures = plan(seed);
    let begin = now_unix_nanos.saturating_sub(PERIOD);
    let mut traces: Vec<Trace> = Vec::with_capacity(TRACES);
    for (place, failure) in failures.iter().enumerate() {
        let mut random = Random::new(seed, place as u64);
        let slot = PERIOD / TRACES as u64;
        let end = begin + slot * place as u64 + random.range(slot / 3, slot);
        let retry_of = place.checked_sub(2).and_then(|earlier| failed(&traces[earlier]));
        let retry_of = retry_of.filter(|_| failure.is_none() && random.chance(70));
        traces.push(scenario::workflow(random, Plan { failure: *failure, retry_of }, end));
    }
    let featured = failures.iter().rposition(|failure| *failure == Some(Failure::PaymentDeclined));
    let featured_trace = featured.map(|place| const_hex::encode(&traces[place].id)).unwrap_or_default();
    let mut random = Random::new(seed, BACKGROUND_STREAM);
    let logs = background::logs(&mut random, begin, now_unix_nanos);
    let windows = windows(begin, now_unix_nanos, INTERVAL);
    assemble(Random::new(seed, GAUGE_STREAM), traces, logs, &windows, featured_trace)
}

/// What happens in the `n`th stretch of [`TICK`] after a workload, up to a time: a few traces more.
pub fn tick(seed: u64, n: u64, now_unix_nanos: u64) -> Vec<(Signal, Bytes)> {
    let tick = TICK.as_nanos() as u64;
    let begin = now_unix_nanos.saturating_sub(tick);
    // Far from the streams of the workload's traces, and with room for the traces of each tick.
    let stream = (n + 1) << 16;
    let mut random = Random::new(seed, stream);
    let mut traces = Vec::new();
    for place in 1..=random.range(1, 3) {
        let failure = random.chance(TROUBLED_PERCENT).then(|| random.pick(&Failure::ALL));
        let end = begin + random.range(MILLISECOND, tick);
        let plan = Plan { failure, retry_of: None };
        traces.push(scenario::workflow(Random::new(seed, stream + place), plan, end));
    }
    let logs = background::logs(&mut random, begin, now_unix_nanos);
    assemble(random, traces, logs, &[(begin, now_unix_nanos)], String::new()).requests
}

/// What goes wrong in each trace: every failure at least once, scattered, none in two traces in a row.
fn plan(seed: u64) -> Vec<Option<Failure>> {
    let mut random = Random::new(seed, PLAN_STREAM);
    let slot = TRACES / TROUBLED;
    let mut order: Vec<Failure> = Failure::ALL.iter().copied().cycle().take(TROUBLED).collect();
    for place in (1..order.len()).rev() {
        order.swap(place, random.range(0, place as u64) as usize);
    }
    let mut plan = vec![None; TRACES];
    for (place, failure) in order.into_iter().enumerate() {
        plan[place * slot + random.range(1, slot as u64 - 1) as usize] = Some(failure);
    }
    plan
}

/// Turns traces, logs and what was measured into requests.
fn assemble(
    mut random: Random,
    mut traces: Vec<Trace>,
    background: Vec<Recorded<LogRecord>>,
    windows: &[Window],
    featured_trace: String,
) -> Workload {
    let (mut requests, points) = measured(&mut random, &traces, windows);
    let mut logs = background;
    let mut spans = Vec::new();
    for trace in &mut traces {
        logs.append(&mut trace.logs);
        spans.append(&mut trace.spans);
    }
    let (span_count, log_count) = (spans.len(), logs.len());
    requests.extend(batches::traces(spans));
    requests.extend(batches::logs(logs));
    requests.sort_by_key(|(at, _, _)| *at);
    Workload {
        requests: requests.into_iter().map(|(_, signal, body)| (signal, body)).collect(),
        featured_trace,
        traces: traces.len(),
        spans: span_count,
        logs: log_count,
        points,
    }
}

/// The requests of every process's metrics, and how many points they have.
fn measured(random: &mut Random, traces: &[Trace], windows: &[Window]) -> (Vec<Timed>, usize) {
    let measurements = measure::measurements(traces);
    let mut requests = Vec::new();
    let mut points = 0;
    for service in Service::WITH_SDK {
        for replica in 0..service.replicas() {
            let instance = Instance { service, replica };
            let killed = traces.iter().filter_map(|trace| trace.killed);
            let kills: Vec<u64> =
                killed.filter(|killed| killed.0 == instance).map(|killed| killed.1).collect();
            for windows in windows.chunks(WINDOWS_PER_REQUEST) {
                let mut exported = metrics::aggregate(&measurements, instance, windows);
                gauges::sample(&mut exported, random, instance, windows, &kills);
                points += exported.points;
                let sent = windows.last().map_or(0, |window| window.1);
                requests.push(metrics::request(instance, exported, sent));
            }
        }
    }
    (requests, points)
}

/// The windows of a stretch of time.
fn windows(begin: u64, end: u64, length: u64) -> Vec<Window> {
    let count = (end - begin).div_ceil(length);
    (0..count).map(|place| (begin + place * length, (begin + (place + 1) * length).min(end))).collect()
}

/// The root span of a trace that failed.
fn failed(trace: &Trace) -> Option<Span> {
    let root = &trace.spans.first()?.record;
    let status = root.status.as_ref()?;
    (status.code == i32::from(StatusCode::Error)).then(|| root.clone())
}
