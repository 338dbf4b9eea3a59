//! What an application calls: logs, metrics and traces that never make it wait.
//!
//! Whatever is recorded goes into a bounded queue without a lock. A thread of its own takes what has gathered,
//! makes OTLP requests of it and takes them into the same log that a server has, from where every destination is fed.
//! What does not fit is dropped, counted and said.

use std::{
    borrow::Cow,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use crossbeam_queue::ArrayQueue;
use mahavishnu_pipeline::Destination;
use mahavishnu_store::StoreError;
use serde::Serialize;
use tokio::sync::{mpsc, oneshot};

use crate::{
    adapter::OtelStorageAdapter,
    settings::{LogLevel, MahavishnuSettings},
    transformation::{Attributes, LogEntry, Metric},
};

mod ended;
mod recent;
pub(crate) mod request;
mod worker;
mod workflow;

use recent::Recent;
use request::Requests;
use worker::Command;
use workflow::{EndedRepository, EndedWorkflow, Workflows};
pub(crate) use workflow::{EndedSpan, Open};

/// Calls of [`ObservabilityManager::flush`] that the thread has not seen yet; further ones wait.
const COMMANDS: usize = 16;

/// Something that was recorded and not handed on yet.
#[derive(Debug)]
enum Record {
    /// With the span that it was logged in, where that is known.
    Log(LogEntry, Option<u64>),
    Metric(Metric, SystemTime),
    Workflow(Box<EndedWorkflow>),
    Repository(Box<EndedRepository>),
    Span(Box<EndedSpan>),
}

/// A handle to telemetry for an application. Clones are the same manager; what they recorded is sent until
/// [`Self::shutdown`].
#[derive(Clone, Debug)]
pub struct ObservabilityManager {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    queue: ArrayQueue<Record>,
    dropped: AtomicU64,
    recorded: AtomicU64,
    least_level: LogLevel,
    metrics_enabled: bool,
    recent: Mutex<Recent>,
    requests: Requests,
    workflows: Workflows,
    commands: mpsc::Sender<Command>,
    adapter: Option<OtelStorageAdapter>,
    destinations: Vec<Destination>,
}

/// What the manager did so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PerformanceMetrics {
    /// Records taken.
    pub recorded: u64,
    /// Records that did not fit into the queue.
    pub dropped: u64,
    /// Records that wait for the thread.
    pub queued: usize,
    /// Workflows that were started and not ended.
    pub open_workflows: usize,
}

/// The thread of the manager is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the manager was shut down: make a new one")]
pub struct ManagerStopped;

impl ObservabilityManager {
    /// Opens the spool of the settings and starts to send to their destinations. Waits for none of them: one that is
    /// away gets what was recorded when it is back, as far as the spool holds it. Where the spool's directory can
    /// not be used the spool is in memory, and the event `spool-unavailable` says so.
    ///
    /// # Errors
    ///
    /// When the settings of the OTLP platform can not be, or the system gives no thread.
    pub fn new(settings: &MahavishnuSettings) -> Result<Self, StoreError> {
        let (commands, inbox) = mpsc::channel(COMMANDS);
        let wanted = settings.clone();
        let shared = worker::start(settings.clone(), inbox, move |pipeline| {
            Arc::new(Shared {
                queue: ArrayQueue::new(wanted.observability.queue_records),
                dropped: AtomicU64::new(0),
                recorded: AtomicU64::new(0),
                least_level: wanted.log_level,
                metrics_enabled: wanted.observability.metrics_enabled,
                recent: Mutex::new(Recent::new(&wanted.observability)),
                requests: Requests::new(&wanted.observability),
                workflows: Workflows::default(),
                commands,
                adapter: pipeline.adapter().cloned(),
                destinations: pipeline.destinations(),
            })
        })?;
        Ok(Self { shared })
    }

    /// Records a log entry. A `trace_id` of 32 hex digits is used as it is; any other name has an id of its own.
    pub fn log(
        &self,
        level: LogLevel,
        message: impl Into<String>,
        attributes: Attributes,
        trace_id: Option<&str>,
    ) {
        if level < self.shared.least_level {
            return;
        }
        let entry = LogEntry {
            timestamp: SystemTime::now(),
            level,
            message: message.into(),
            attributes,
            trace_id: trace_id.map(str::to_owned),
        };
        self.shared.push(Record::Log(entry, None));
    }

    /// Records a log entry of a span.
    pub(crate) fn log_in_span(
        &self,
        level: LogLevel,
        message: String,
        attributes: Attributes,
        span: Option<Open>,
    ) {
        if level >= self.shared.least_level {
            let trace_id = span.map(Open::trace_id_hex);
            let entry = LogEntry { timestamp: SystemTime::now(), level, message, attributes, trace_id };
            self.shared.push(Record::Log(entry, span.map(Open::span_id)));
        }
    }

    /// Records a span of a program's own.
    pub(crate) fn end_span(&self, ended: EndedSpan) {
        self.shared.push(Record::Span(Box::new(ended)));
    }

    /// Records a log entry of level DEBUG.
    pub fn log_debug(&self, message: impl Into<String>, attributes: Attributes, trace_id: Option<&str>) {
        self.log(LogLevel::Debug, message, attributes, trace_id);
    }

    /// Records a log entry of level INFO.
    pub fn log_info(&self, message: impl Into<String>, attributes: Attributes, trace_id: Option<&str>) {
        self.log(LogLevel::Info, message, attributes, trace_id);
    }

    /// Records a log entry of level WARNING.
    pub fn log_warning(&self, message: impl Into<String>, attributes: Attributes, trace_id: Option<&str>) {
        self.log(LogLevel::Warning, message, attributes, trace_id);
    }

    /// Records a log entry of level ERROR.
    pub fn log_error(&self, message: impl Into<String>, attributes: Attributes, trace_id: Option<&str>) {
        self.log(LogLevel::Error, message, attributes, trace_id);
    }

    /// Records a log entry of level CRITICAL.
    pub fn log_critical(&self, message: impl Into<String>, attributes: Attributes, trace_id: Option<&str>) {
        self.log(LogLevel::Critical, message, attributes, trace_id);
    }

    /// Records what was added to a counter.
    pub fn record_metric(&self, name: impl Into<Cow<'static, str>>, value: f64, labels: Attributes) {
        if self.shared.metrics_enabled {
            self.shared.push(Record::Metric(Metric::new(name, value, labels), SystemTime::now()));
        }
    }

    /// The newest log entries, newest first: at most `limit`, of this level or above, since then. Sees whatever
    /// was logged before the call.
    #[must_use]
    pub fn get_logs(
        &self,
        limit: usize,
        level: Option<LogLevel>,
        since: Option<SystemTime>,
    ) -> Vec<Arc<LogEntry>> {
        let mut recent = self.shared.lock_recent();
        recent.gather(&self.shared.queue);
        recent.logs(limit, level, since)
    }

    /// What the manager did so far.
    #[must_use]
    pub fn get_performance_metrics(&self) -> PerformanceMetrics {
        let open_workflows = self.shared.workflows.len();
        PerformanceMetrics {
            recorded: self.shared.recorded.load(Ordering::Relaxed),
            dropped: self.shared.dropped.load(Ordering::Relaxed),
            queued: self.shared.queue.len(),
            open_workflows,
        }
    }

    /// What gets what is recorded, PostgreSQL first: how far it is, and whether it is well.
    #[must_use]
    pub fn destinations(&self) -> &[Destination] {
        &self.shared.destinations
    }

    /// The adapter to PostgreSQL, where the settings store there.
    #[must_use]
    pub fn adapter(&self) -> Option<&OtelStorageAdapter> {
        self.shared.adapter.as_ref()
    }

    /// Returns when what was recorded before is in the spool, from where it gets to every destination, also after a
    /// restart. With `durability: memory` it returns when every destination has it: as long as one is away, never.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future changes nothing.
    ///
    /// # Errors
    ///
    /// When the manager was shut down.
    pub async fn flush(&self) -> Result<(), ManagerStopped> {
        let (done, wait) = oneshot::channel();
        self.shared.commands.send(Command::Flush(done)).await.map_err(|_| ManagerStopped)?;
        wait.await.map_err(|_| ManagerStopped)
    }

    /// Ends the spans that are open, hands on what was recorded and ends; says how many requests some destination did not get in time. They are
    /// kept for the next start, unless the spool is in memory.
    ///
    /// # Cancel safety
    ///
    /// The manager ends also when the future is dropped.
    ///
    /// # Errors
    ///
    /// When the manager was shut down before.
    pub async fn shutdown(&self, deadline: Duration) -> Result<u64, ManagerStopped> {
        self.end_all();
        let (done, wait) = oneshot::channel();
        self.shared.commands.send(Command::Shutdown(deadline, done)).await.map_err(|_| ManagerStopped)?;
        wait.await.map_err(|_| ManagerStopped)
    }
}

impl Shared {
    /// The only thing that the one who records does: never waits, never locks.
    fn push(&self, record: Record) {
        match self.queue.push(record) {
            Ok(()) => self.recorded.fetch_add(1, Ordering::Relaxed),
            Err(_) => self.dropped.fetch_add(1, Ordering::Relaxed),
        };
    }

    fn lock_recent(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
