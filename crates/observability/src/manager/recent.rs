//! The other end of the queue: what has gathered, and the newest log entries.

use std::{collections::VecDeque, sync::Arc, time::SystemTime};

use crossbeam_queue::ArrayQueue;
use mahavishnu_pipeline::Batch;
use opentelemetry_proto::tonic::logs::v1::LogRecord;

use super::{Record, ended::Made, request::Requests};
use crate::{
    settings::{LogLevel, ObservabilitySettings},
    transformation::LogEntry,
};

/// Log entries that are kept to be looked at.
const RECENT_LOGS: usize = 1000;

/// Records of one request: some hundred kilobytes of usual ones.
const REQUEST_RECORDS: usize = 512;

/// An entry, and the span that it was logged in.
type Logged = (Arc<LogEntry>, Option<u64>);

/// What was taken out of the queue.
#[derive(Debug)]
pub(super) struct Recent {
    ring: VecDeque<Arc<LogEntry>>,
    logs: Vec<Logged>,
    made: Made,
}

impl Recent {
    /// Nothing yet.
    pub(super) fn new(wanted: &ObservabilitySettings) -> Self {
        Self {
            ring: VecDeque::new(),
            logs: Vec::new(),
            made: Made::new(wanted.tracing_enabled, wanted.metrics_enabled),
        }
    }

    /// Takes what is in the queue, unless as much as it holds waits here already.
    pub(super) fn gather(&mut self, queue: &ArrayQueue<Record>) {
        while self.logs.len() + self.made.metrics.len() + self.made.spans.len() < queue.capacity() {
            match queue.pop() {
                None => return,
                Some(Record::Log(entry, span)) => self.log(entry, span),
                Some(Record::Metric(metric, at)) => self.made.metric(metric, at),
                Some(Record::Workflow(ended)) => self.made.workflow(*ended),
                Some(Record::Repository(ended)) => self.made.repository(*ended),
                Some(Record::Span(ended)) => self.made.program_span(*ended),
            }
        }
    }

    fn log(&mut self, entry: LogEntry, span: Option<u64>) {
        let entry = Arc::new(entry);
        if self.ring.len() == RECENT_LOGS {
            self.ring.pop_front();
        }
        self.ring.push_back(Arc::clone(&entry));
        self.logs.push((entry, span));
    }

    /// Hands over what has gathered; the newest log entries stay to be looked at.
    pub(super) fn take(&mut self) -> Gathered {
        let nothing = Made::new(self.made.tracing, self.made.measuring);
        Gathered { logs: std::mem::take(&mut self.logs), made: std::mem::replace(&mut self.made, nothing) }
    }

    /// The newest entries, newest first.
    pub(super) fn logs(
        &self,
        limit: usize,
        level: Option<LogLevel>,
        since: Option<SystemTime>,
    ) -> Vec<Arc<LogEntry>> {
        let wanted = |entry: &&Arc<LogEntry>| {
            level.is_none_or(|level| entry.level >= level)
                && since.is_none_or(|since| entry.timestamp >= since)
        };
        self.ring.iter().rev().filter(wanted).take(limit).cloned().collect()
    }
}

fn log_record((entry, span): &Logged) -> LogRecord {
    let span_id = span.map(|id| id.to_be_bytes().to_vec()).unwrap_or_default();
    LogRecord { span_id, ..entry.to_log_record() }
}

/// Records on their way out of the queue.
#[derive(Debug)]
pub(super) struct Gathered {
    logs: Vec<Logged>,
    made: Made,
}

impl Gathered {
    /// Whether there is nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.logs.is_empty() && self.made.metrics.is_empty() && self.made.spans.is_empty()
    }

    /// Requests of a bounded number of records.
    pub(super) fn batches(self, requests: &Requests) -> Vec<Batch> {
        let mut batches = Vec::new();
        for logs in self.logs.chunks(REQUEST_RECORDS) {
            let records: Vec<LogRecord> = logs.iter().map(log_record).collect();
            batches.extend(requests.logs(records));
        }
        for metrics in self.made.metrics.chunks(REQUEST_RECORDS) {
            batches.extend(requests.metrics(metrics.to_vec()));
        }
        for spans in self.made.spans.chunks(REQUEST_RECORDS) {
            batches.extend(requests.traces(spans.to_vec()));
        }
        batches
    }
}
