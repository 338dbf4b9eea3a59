//! What is accepted at this moment, as server-sent events.
//!
//! A watcher reads from a short queue of batches that never waits for it; what it was too slow for is told as `skipped`.
//! Each watcher decodes so many records a second and no more: a flood is skipped, not read.

use std::{
    collections::VecDeque,
    convert::Infallible,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::{
    extract::{Query, State, rejection::QueryRejection},
    http::StatusCode,
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures_util::stream;
use mahavishnu_pipeline::{
    Batch, Signal,
    tail::{Seen, Watcher},
};
use mahavishnu_store::{UnixNanos, live};
use serde::Serialize;
use serde_json::json;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::{Api, TailQuery, problem::Problem, questions::parameters};
use crate::shapes;

/// Records that are decoded for one watcher in a second: some milliseconds of work, and more than anybody reads.
const RECORDS_PER_SECOND: u64 = 5_000;

/// How long nothing must come of a trace before it is told.
const QUIET: Duration = Duration::from_millis(500);

/// How often it is looked which traces are quiet.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// How often a watcher that sees nothing is shown that the connection lives.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Log records or traces as they are accepted, as server-sent events.
///
/// The event `log` has a LogRecord, `trace` a TraceSummary (when nothing more came of it for half a second), `skipped` a
/// `count` of records that came too fast to be shown.
#[utoipa::path(
    get,
    path = "/api/v1/tail",
    tag = "live",
    params(TailQuery),
    responses((status = 200, description = "Events, until either side ends", body = String, content_type = "text/event-stream")),
)]
pub(super) async fn tail(
    State(api): State<Api>,
    query: Result<Query<TailQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let query = parameters(query)?;
    let signal = query.signal()?;
    let Some(watcher) = api.intake.tail().watch(signal) else {
        let reason = "too many are watching already: close another, or come again later";
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, reason));
    };
    let watching = Watching::new(watcher, query, api.stop.clone());
    let events =
        stream::unfold(watching, |mut watching| async move { Some((watching.next().await?, watching)) });
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE);
    Ok(Sse::new(Box::pin(events)).keep_alive(keep_alive).into_response())
}

/// One who watches.
struct Watching {
    watcher: Watcher,
    query: TailQuery,
    stop: CancellationToken,
    traces: live::Traces,
    look: Interval,
    /// What is told next.
    events: VecDeque<Event>,
    /// Until when the second lasts, and how many records were decoded in it.
    second: (Instant, u64),
    skipped: u64,
}

impl Watching {
    fn new(watcher: Watcher, query: TailQuery, stop: CancellationToken) -> Self {
        let mut look = interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            watcher,
            query,
            stop,
            traces: live::Traces::default(),
            look,
            events: VecDeque::new(),
            second: (Instant::now(), 0),
            skipped: 0,
        }
    }

    /// The next event; none when the server stops.
    async fn next(&mut self) -> Option<Result<Event, Infallible>> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Some(Ok(event));
            }
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return None,
                seen = self.watcher.next() => self.saw(seen?),
                _ = self.look.tick() => self.looked(Instant::now()),
            }
        }
    }

    fn saw(&mut self, seen: Seen) {
        let batch = match seen {
            Seen::Skipped(records) => return self.skipped += records,
            Seen::Batch(batch) => batch,
        };
        let now = Instant::now();
        if now >= self.second.0 {
            self.second = (now + Duration::from_secs(1), 0);
        }
        if self.second.1 + batch.records() as u64 > RECORDS_PER_SECOND && self.second.1 > 0 {
            self.skipped += batch.records() as u64;
            return;
        }
        self.second.1 += batch.records() as u64;
        self.tell_skipped();
        match batch.signal() {
            Signal::Traces => {
                let given = self.traces.add(&batch, now);
                self.tell_traces(given);
            }
            _ => self.tell_logs(&batch),
        }
    }

    fn looked(&mut self, now: Instant) {
        self.tell_skipped();
        let given = self.traces.quiet(QUIET, now);
        self.tell_traces(given);
    }

    fn tell_logs(&mut self, batch: &Batch) {
        for log in live::log_records(batch, now()) {
            let log = shapes::LogRecord::from(log);
            if self.query.wants_log(&log) {
                self.tell("log", &log);
            }
        }
    }

    fn tell_traces(&mut self, traces: Vec<mahavishnu_store::query::TraceSummary>) {
        for trace in traces {
            let trace = shapes::TraceSummary::from(trace);
            if self.query.wants_trace(&trace) {
                self.tell("trace", &trace);
            }
        }
    }

    fn tell_skipped(&mut self) {
        let skipped = std::mem::take(&mut self.skipped);
        if skipped > 0 {
            self.tell("skipped", &json!({"count": skipped}));
        }
    }

    fn tell(&mut self, name: &str, what: &impl Serialize) {
        // A shape has no form that is not JSON.
        self.events.extend(Event::default().event(name).json_data(what).ok());
    }
}

fn now() -> UnixNanos {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixNanos(u64::try_from(since_1970.as_nanos()).unwrap_or(u64::MAX))
}
